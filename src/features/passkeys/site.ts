import { isIP } from 'node:net';
import { isLoopbackName } from '../../platform/loopback.ts';

/** Where passkeys work. A browser binds each of them to a name, and an address of digits is none. */
export type PasskeySite =
  | {
      readonly offered: true;
      /** The one origin whose pages may use them. */
      readonly origin: string;
      /** The name that they are bound to: the relying party's id in WebAuthn. */
      readonly rpId: string;
    }
  | {
      readonly offered: false;
      /** The same site under a name. Undefined when it is not known. */
      readonly address: string | undefined;
    };

/** What passkeys are bound to on a site. @param site the origin that the person sees */
export function passkeySiteOf(site: string): PasskeySite {
  const url = new URL(site);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) === 0) return { offered: true, origin: url.origin, rpId: host };
  if (!isLoopbackName(host)) return { offered: false, address: undefined };
  url.hostname = 'localhost';
  return { offered: false, address: url.origin };
}
