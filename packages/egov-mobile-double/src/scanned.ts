/** What the app accepts from a QR code, or from the link that opens it. */
import { AppRefusal } from './refusal.ts';

export interface ScanRules {
  /**
   * The hosts of the operator's list, in lower case, with a port where the address has one. A host
   * without a port stands for every port on it.
   */
  readonly allowedHosts: readonly string[];
  /** Accepts `http://` on a loopback name, which the real app never does. */
  readonly allowLocalHttp?: boolean | undefined;
}

const PREFIX = 'mobileSign:';

/**
 * The address of API №1 in the text of a QR code (`mobileSign:https://…`), or in a link for the
 * same phone (`https://…?link=…`, in which it stands without the prefix).
 * @throws AppRefusal as the app refuses, before any call
 */
export function readScanned(text: string, rules: ScanRules): URL {
  if (text.startsWith(PREFIX)) return checkAddress(text.slice(PREFIX.length), rules);
  const link = URL.canParse(text) ? new URL(text).searchParams.get('link') : null;
  if (link === null) throw new AppRefusal('notACode', 'neither mobileSign: nor a link with link=');
  if (link.startsWith(PREFIX)) throw new AppRefusal('notACode', 'a link carries the address alone');
  return checkAddress(link, rules);
}

function checkAddress(address: string, { allowedHosts, allowLocalHttp = false }: ScanRules): URL {
  if (/\s/.test(address)) throw new AppRefusal('space', 'white space in the address');
  if (!URL.canParse(address)) throw new AppRefusal('notACode', 'not an address');
  const url = new URL(address);
  checkScheme(url, allowLocalHttp);
  if (!address.includes('mgovSign')) throw new AppRefusal('noMgovSign', 'no mgovSign in the address');
  checkHost(url, allowedHosts);
  return url;
}

/** @throws AppRefusal `notHttps` */
export function checkScheme({ protocol, hostname }: URL, allowLocalHttp: boolean): void {
  const isLocal = hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]';
  if (protocol === 'https:' || (protocol === 'http:' && allowLocalHttp && isLocal)) return;
  throw new AppRefusal('notHttps', `${protocol} instead of https:`);
}

/** @throws AppRefusal `hostNotAllowed` */
export function checkHost({ host, hostname }: URL, allowedHosts: readonly string[]): void {
  if (allowedHosts.includes(host) || allowedHosts.includes(hostname)) return;
  throw new AppRefusal('hostNotAllowed', `${host} is not on the list`);
}
