import { Secret, TOTP } from 'otpauth';

/** Seconds for which one code stands (RFC 6238, the value that every app knows). */
const period = 30;

/** Steps before and after the present one whose codes are accepted: clocks differ. */
const tolerance = 1;

/** Bytes of a secret, as many as RFC 4226 recommends. */
const secretBytes = 20;

/** A new secret in base32, as it is typed into an app. */
export function createAppSecret(): string {
  return new Secret({ size: secretBytes }).base32;
}

/**
 * The address that a QR code gives to the app.
 * @param issuer whose code it is, as the app shows it
 * @param label whose cabinet it opens; nothing that names a person in full
 */
export function appAddress(secret: string, { issuer, label }: { issuer: string; label: string }): string {
  return codesOf(secret, issuer, label).toString();
}

/**
 * The step of a code: the number of periods since 1970. Undefined when the code is of none that is
 * accepted now.
 * @param seconds the time by the database's clock, in seconds since 1970
 */
export function stepOfCode(secret: string, code: string, seconds: number): number | undefined {
  if (!/^[0-9]{6}$/.test(code)) return undefined;
  const timestamp = seconds * 1_000;
  const distance = codesOf(secret).validate({ token: code, timestamp, window: tolerance });
  return distance === null ? undefined : TOTP.counter({ period, timestamp }) + distance;
}

function codesOf(secret: string, issuer = '', label = ''): TOTP {
  return new TOTP({
    issuer,
    label,
    algorithm: 'SHA1',
    digits: 6,
    period,
    secret: Secret.fromBase32(secret),
  });
}
