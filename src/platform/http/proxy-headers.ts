import type { IncomingMessage } from 'node:http';
import { BlockList, isIPv6 } from 'node:net';
import { randomName } from '../keys.ts';

/** What a proxy says about a request, besides `X-Forwarded-*`. */
export interface ProxyHeaders {
  /** The id that the proxy has logged, or a new one. */
  requestId(request: IncomingMessage): string;
  /** The trace that the proxy has begun (W3C Trace Context). */
  traceparent(request: IncomingMessage): string | undefined;
}

/** Ids as proxies make them: HAProxy's in this repository, nginx's `$request_id`, a UUID. */
const idShape = /^[0-9A-Za-z-]{8,64}$/;
const traceShape = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Reads these headers where a trusted proxy sends them. Anybody else could write anything. */
export function readProxyHeaders(trustedProxies: readonly string[]): ProxyHeaders {
  const trusted = new BlockList();
  for (const entry of trustedProxies) {
    const [address = '', bits] = entry.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (bits === undefined) trusted.addAddress(address, family);
    else trusted.addSubnet(address, Number(bits), family);
  }
  const said = ({ socket, headers }: IncomingMessage, name: string, shape: RegExp): string | undefined => {
    const { remoteAddress: sender } = socket;
    const value = headers[name];
    if (typeof value !== 'string' || sender === undefined || !shape.test(value)) return undefined;
    return trusted.check(sender, isIPv6(sender) ? 'ipv6' : 'ipv4') ? value : undefined;
  };
  return {
    requestId: (request) => said(request, 'x-request-id', idShape) ?? randomName(10),
    traceparent: (request) => said(request, 'traceparent', traceShape),
  };
}
