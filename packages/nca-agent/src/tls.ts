/**
 * The agent's own TLS certificate for 127.0.0.1 and localhost. It is self-signed, and made at each
 * start unless the caller keeps it.
 */
import { makeCertificate, makeRsaKey, nameOf } from 'nca-verify/testing';

export interface TlsIdentity {
  readonly key: string;
  readonly cert: string;
}

/** subjectAltName (RFC 5280, 4.2.1.6): the address 127.0.0.1 and the name localhost. */
const ALTERNATIVE_NAMES = Buffer.from('301a0603551d110413301187047f00000182096c6f63616c686f7374', 'hex');
/** CN=127.0.0.1, as in NCALayer's own certificate. */
const COMMON_NAME = ['2.5.4.3', Buffer.from('0c093132372e302e302e31', 'hex')] as const;
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const DAY = 86_400_000;

/** A key and its certificate, in PEM. No browser trusts it, so a person must accept it once. */
export function makeTlsIdentity(at: Date): TlsIdentity {
  const key = makeRsaKey();
  const certificate = makeCertificate({
    subject: nameOf(COMMON_NAME),
    key,
    issuer: null,
    notBefore: new Date(at.getTime() - DAY),
    notAfter: new Date(at.getTime() + 365 * DAY),
    keyUsage: ['digitalSignature', 'keyEncipherment'],
    extendedKeyUsage: [SERVER_AUTH],
    extraExtensions: [ALTERNATIVE_NAMES],
  });
  return { key: pem('PRIVATE KEY', key.privateKey), cert: pem('CERTIFICATE', certificate) };
}

function pem(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
