import { createHash, createSign, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';

// An authenticator in software: it makes passkeys and answers with them as a phone does, and on
// request in ways in which no phone does.

/** What a browser gets from the service to ask for a passkey or to make one. */
export interface AskedOptions {
  readonly challenge: string;
  readonly rpId?: string;
  readonly rp?: { readonly id: string; readonly name: string };
  readonly user?: { readonly id: string; readonly name: string; readonly displayName: string };
  readonly allowCredentials?: readonly { readonly id: string }[];
  readonly excludeCredentials?: readonly { readonly id: string }[];
}

/** How an answer differs from an honest one. */
export interface Oddity {
  /** The page that the browser says it is on. */
  readonly origin?: string;
  readonly rpId?: string;
  readonly challenge?: string;
  readonly type?: string;
  /** Nobody was asked for a finger, a face or a PIN. */
  readonly unverified?: boolean;
  /** The count of signatures. */
  readonly counter?: number;
  readonly userHandle?: string | undefined;
  /** Signs with a key that nobody knows. */
  readonly otherKey?: boolean;
  /** Sends an attestation statement about the bytes that it signs. */
  readonly statement?: {
    readonly format: string;
    readonly values: (signed: Buffer, own: KeyObject) => Readonly<Record<string, Cbor>>;
  };
}

/** A passkey in an authenticator. */
export interface TestPasskey {
  readonly id: string;
  readonly userHandle: string;
  /** The answer of `navigator.credentials.create`, as JSON. */
  readonly made: string;
  /** The answer of `navigator.credentials.get`, as JSON. */
  answer(asked: AskedOptions, oddity?: Oddity): string;
}

const flag = { present: 0x01, verified: 0x04, attested: 0x40 };

/** Makes a passkey for a page on `origin`. It counts its signatures from `counter`, if that is given. */
export function makePasskey(asked: AskedOptions, origin: string, oddity: Oddity = {}): TestPasskey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const rpId = oddity.rpId ?? asked.rp?.id ?? '';
  const id = randomBytes(32);
  const userHandle = asked.user?.id ?? '';
  let counter = oddity.counter ?? 0;
  const attested = Buffer.concat([Buffer.alloc(16), Buffer.from([0, id.length]), id, coseKey(publicKey)]);
  const data = Buffer.concat([authenticatorData(rpId, oddity, counter, flag.attested), attested]);
  const ofPage = clientData('webauthn.create', asked, origin, oddity);
  const { format = 'none', values = () => ({}) } = oddity.statement ?? {};
  const signed = Buffer.concat([data, sha256(ofPage)]);
  const object = encode({ fmt: format, attStmt: values(signed, privateKey), authData: data });
  return {
    id: id.toString('base64url'),
    userHandle,
    made: toJson(id, {
      clientDataJSON: ofPage,
      attestationObject: object,
      transports: ['internal'],
    }),
    answer(options, odd = {}) {
      if (odd.counter !== undefined) counter = odd.counter;
      else if (counter > 0) counter += 1;
      const ofPage = clientData('webauthn.get', options, origin, odd);
      const signed = authenticatorData(odd.rpId ?? rpId, odd, counter, 0);
      const key = odd.otherKey ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey : privateKey;
      return toJson(id, {
        clientDataJSON: ofPage,
        authenticatorData: signed,
        signature: createSign('sha256').update(signed).update(sha256(ofPage)).sign(key),
        ...('userHandle' in odd ? { userHandle: odd.userHandle } : { userHandle }),
      });
    },
  };
}

function toJson(
  id: Buffer,
  response: Readonly<Record<string, Buffer | string | string[] | undefined>>,
): string {
  const parts = Object.entries(response).map(([name, value]) => [
    name,
    Buffer.isBuffer(value) ? value.toString('base64url') : value,
  ]);
  const name = id.toString('base64url');
  return JSON.stringify({
    id: name,
    rawId: name,
    type: 'public-key',
    response: Object.fromEntries(parts),
    clientExtensionResults: {},
  });
}

function clientData(type: string, asked: AskedOptions, origin: string, oddity: Oddity): Buffer {
  return Buffer.from(
    JSON.stringify({
      type: oddity.type ?? type,
      challenge: oddity.challenge ?? asked.challenge,
      origin: oddity.origin ?? origin,
      crossOrigin: false,
    }),
  );
}

function authenticatorData(
  rpId: string,
  { unverified = false }: Oddity,
  counter: number,
  more: number,
): Buffer {
  const head = Buffer.alloc(5);
  head[0] = flag.present | (unverified ? 0 : flag.verified) | more;
  head.writeUInt32BE(counter, 1);
  return Buffer.concat([sha256(Buffer.from(rpId)), head]);
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}

/** An ES256 key as COSE writes it (RFC 9053). */
function coseKey(key: KeyObject): Buffer {
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  const point = [x, y].map((one) => Buffer.from(one, 'base64url'));
  return encode(
    new Map<number, Cbor>([
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, point[0] ?? ''],
      [-3, point[1] ?? ''],
    ]),
  );
}

/** What `encode` writes. */
export type Cbor = number | string | Buffer | readonly Cbor[] | ReadonlyMap<number, Cbor> | CborRecord;
interface CborRecord {
  readonly [name: string]: Cbor;
}

/** CBOR (RFC 8949), as far as WebAuthn needs it. */
function encode(value: Cbor): Buffer {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === 'string')
    return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  if (Array.isArray(value)) return Buffer.concat([head(4, value.length), ...value.map(encode)]);
  const pairs = value instanceof Map ? [...value] : Object.entries(value as CborRecord);
  return Buffer.concat([
    head(5, pairs.length),
    ...pairs.flatMap(([name, one]) => [encode(name as Cbor), encode(one as Cbor)]),
  ]);
}

function head(major: number, length: number): Buffer {
  if (length < 24) return Buffer.from([(major << 5) | length]);
  if (length < 256) return Buffer.from([(major << 5) | 24, length]);
  return Buffer.from([(major << 5) | 25, length >> 8, length & 0xff]);
}
