/**
 * RC2 with 40 effective bits in CBC mode (RFC 2268). It encrypts the certificate in a key file.
 * OpenSSL 3 no longer offers it.
 */

/** RFC 2268, section 2: digits of pi. */
const PI = Buffer.from(
  'd978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2179a59f587b34f1361456d8d09817d32' +
    'bd8f40eb86b77b0bf09521225c6b4e8254d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626' +
    '6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed708e8eade8052eef784aa72ac354d6a2a' +
    '961ad2715a1549744b9fd05e0418a4ecc2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731' +
    '2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a90d38341bab33ffb0bb480c5fb9b1cd2e' +
    'c5f3db47e5a59c770aa62068fe7fc1ad',
  'hex',
);

const EFFECTIVE_BITS = 40;

function expand(key: Uint8Array): Uint16Array {
  const l = new Uint8Array(128);
  l.set(key);
  for (let i = key.length; i < 128; i++) l[i] = PI[((l[i - 1] ?? 0) + (l[i - key.length] ?? 0)) & 255] ?? 0;
  const t8 = Math.ceil(EFFECTIVE_BITS / 8);
  l[128 - t8] = PI[l[128 - t8] ?? 0] ?? 0;
  for (let i = 127 - t8; i >= 0; i--) l[i] = PI[(l[i + 1] ?? 0) ^ (l[i + t8] ?? 0)] ?? 0;
  return Uint16Array.from({ length: 64 }, (_, i) => (l[2 * i] ?? 0) | ((l[2 * i + 1] ?? 0) << 8));
}

const ROTATION = [1, 2, 3, 5];

function encryptBlock(k: Uint16Array, r: Uint16Array): void {
  const at = (i: number): number => r[i & 3] ?? 0;
  for (let round = 0; round < 16; round++) {
    for (let i = 0; i < 4; i++) {
      const sum =
        (at(i) + (k[4 * round + i] ?? 0) + (at(i + 3) & at(i + 2)) + (~at(i + 3) & at(i + 1))) & 0xffff;
      const turn = ROTATION[i] ?? 0;
      r[i] = (sum << turn) | (sum >>> (16 - turn));
    }
    if (round === 4 || round === 10) for (let i = 0; i < 4; i++) r[i] = at(i) + (k[at(i + 3) & 63] ?? 0);
  }
}

function decryptBlock(k: Uint16Array, r: Uint16Array): void {
  const at = (i: number): number => r[i & 3] ?? 0;
  for (let round = 15; round >= 0; round--) {
    if (round === 4 || round === 10) for (let i = 3; i >= 0; i--) r[i] = at(i) - (k[at(i + 3) & 63] ?? 0);
    for (let i = 3; i >= 0; i--) {
      const turn = ROTATION[i] ?? 0;
      const back = ((at(i) >>> turn) | (at(i) << (16 - turn))) & 0xffff;
      r[i] = back - (k[4 * round + i] ?? 0) - (at(i + 3) & at(i + 2)) - (~at(i + 3) & at(i + 1));
    }
  }
}

function words(bytes: Uint8Array, at: number): Uint16Array {
  return Uint16Array.from(
    { length: 4 },
    (_, i) => (bytes[at + 2 * i] ?? 0) | ((bytes[at + 2 * i + 1] ?? 0) << 8),
  );
}

function bytesOf(block: Uint16Array): Uint8Array {
  return Uint8Array.from({ length: 8 }, (_, i) => (block[i >> 1] ?? 0) >> (8 * (i & 1)));
}

export function encryptRc2(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array {
  const k = expand(key);
  const padding = 8 - (data.length % 8);
  const padded = Buffer.concat([data, Buffer.alloc(padding, padding)]);
  let previous = iv;
  for (let at = 0; at < padded.length; at += 8) {
    const block = words(
      padded.subarray(at, at + 8).map((byte, i) => byte ^ (previous[i] ?? 0)),
      0,
    );
    encryptBlock(k, block);
    padded.set(bytesOf(block), at);
    previous = padded.subarray(at, at + 8);
  }
  return padded;
}

/** Throws when the padding is wrong, which happens with a wrong password. */
export function decryptRc2(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array {
  const k = expand(key);
  const clear = new Uint8Array(data.length);
  let previous = iv;
  for (let at = 0; at < data.length; at += 8) {
    const block = words(data, at);
    decryptBlock(k, block);
    clear.set(
      bytesOf(block).map((byte, i) => byte ^ (previous[i] ?? 0)),
      at,
    );
    previous = data.subarray(at, at + 8);
  }
  const padding = clear.at(-1) ?? 0;
  if (data.length % 8 !== 0 || padding < 1 || padding > 8) throw new Error('wrong padding');
  return clear.subarray(0, clear.length - padding);
}
