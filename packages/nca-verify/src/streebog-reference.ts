/**
 * Streebog (RFC 6986) in plain TypeScript, used when the WebAssembly is not built and to check it.
 * Words of 64 bits are pairs of 32: element 2i holds the low half of word i, element 2i + 1 the
 * high half.
 */
import { fromHex } from './platform.ts';

/** RFC 6986 6.2 */
const PI = fromHex(
  'fceedd11cf6e3116fbc4fada23c5044de977f0db932e99ba1736f1bb14cd5fc1f918655ae25cef21811c3c428b018e4f' +
    '058402aee36a8fa0060bed987fd4d31feb342c51eac848abf22a68a2fd3aceccb5700e56080c7612bf7213479cb75d87' +
    '15a19629107b9ac7f391786f9d9eb2b13275193dff358a7e6d54c680c3bd0d57dff524a93ea843c9d779d6f67c22b903' +
    'e00fecde7a94b0bcdce828504e330a4aa79760731e0062441ab83882649f2641ad454692275e552f8ca3a57d69d5953b' +
    '0758b34086ac1df730376be488d9e789e11b83494c3ff8fe8d53aa90cad88561207167a42d2b095bcb9b25d0bee56c52' +
    '59a674d2e6f4b4c0d166afc2394b63b6',
);

/** RFC 6986 6.4: the rows of the linear map, the highest bit first. */
const ROWS = [
  '8e20faa72ba0b470',
  '47107ddd9b505a38',
  'ad08b0e0c3282d1c',
  'd8045870ef14980e',
  '6c022c38f90a4c07',
  '3601161cf205268d',
  '1b8e0b0e798c13c8',
  '83478b07b2468764',
  'a011d380818e8f40',
  '5086e740ce47c920',
  '2843fd2067adea10',
  '14aff010bdd87508',
  '0ad97808d06cb404',
  '05e23c0468365a02',
  '8c711e02341b2d01',
  '46b60f011a83988e',
  '90dab52a387ae76f',
  '486dd4151c3dfdb9',
  '24b86a840e90f0d2',
  '125c354207487869',
  '092e94218d243cba',
  '8a174a9ec8121e5d',
  '4585254f64090fa0',
  'accc9ca9328a8950',
  '9d4df05d5f661451',
  'c0a878a0a1330aa6',
  '60543c50de970553',
  '302a1e286fc58ca7',
  '18150f14b9ec46dd',
  '0c84890ad27623e0',
  '0642ca05693b9f70',
  '0321658cba93c138',
  '86275df09ce8aaa8',
  '439da0784e745554',
  'afc0503c273aa42a',
  'd960281e9d1d5215',
  'e230140fc0802984',
  '71180a8960409a42',
  'b60c05ca30204d21',
  '5b068c651810a89e',
  '456c34887a3805b9',
  'ac361a443d1c8cd2',
  '561b0d22900e4669',
  '2b838811480723ba',
  '9bcf4486248d9f5d',
  'c3e9224312c8c1a0',
  'effa11af0964ee50',
  'f97d86d98a327728',
  'e4fa2054a80b329c',
  '727d102a548b194e',
  '39b008152acb8227',
  '9258048415eb419d',
  '492c024284fbaec0',
  'aa16012142f35760',
  '550b8e9e21f7a530',
  'a48b474f9ef5dc18',
  '70a6a56e2440598e',
  '3853dc371220a247',
  '1ca76e95091051ad',
  '0edd37c48a08a6d8',
  '07e095624504536c',
  '8d70c431ac02a736',
  'c83862965601dd1b',
  '641c314b2b8ee083',
];

/** RFC 6986 6.5, the highest byte first. */
const CONSTANTS = [
  'b1085bda1ecadae9ebcb2f81c0657c1f2f6a76432e45d016714eb88d7585c4fc' +
    '4b7ce09192676901a2422a08a460d31505767436cc744d23dd806559f2a64507',
  '6fa3b58aa99d2f1a4fe39d460f70b5d7f3feea720a232b9861d55e0f16b50131' +
    '9ab5176b12d699585cb561c2db0aa7ca55dda21bd7cbcd56e679047021b19bb7',
  'f574dcac2bce2fc70a39fc286a3d843506f15e5f529c1f8bf2ea7514b1297b7b' +
    'd3e20fe490359eb1c1c93a376062db09c2b6f443867adb31991e96f50aba0ab2',
  'ef1fdfb3e81566d2f948e1a05d71e4dd488e857e335c3c7d9d721cad685e353f' +
    'a9d72c82ed03d675d8b71333935203be3453eaa193e837f1220cbebc84e3d12e',
  '4bea6bacad4747999a3f410c6ca923637f151c1f1686104a359e35d7800fffbd' +
    'bfcd1747253af5a3dfff00b723271a167a56a27ea9ea63f5601758fd7c6cfe57',
  'ae4faeae1d3ad3d96fa4c33b7a3039c02d66c4f95142a46c187f9ab49af08ec6' +
    'cffaa6b71c9ab7b40af21f66c2bec6b6bf71c57236904f35fa68407a46647d6e',
  'f4c70e16eeaac5ec51ac86febf240954399ec6c7e6bf87c9d3473e33197a93c9' +
    '0992abc52d822c3706476983284a05043517454ca23c4af38886564d3a14d493',
  '9b1f5b424d93c9a703e7aa020c6e41414eb7f8719c36de1e89b4443b4ddbc49a' +
    'f4892bcb929b069069d18d2bd1a5c42f36acc2355951a8d9a47f0dd4bf02e71e',
  '378f5a541631229b944c9ad8ec165fde3a7d3a1b258942243cd955b7e00d0984' +
    '800a440bdbb2ceb17b2b8a9aa6079c540e38dc92cb1f2a607261445183235adb',
  'abbedea680056f52382ae548b2e4f3f38941e71cff8a78db1fffe18a1b336103' +
    '9fe76702af69334b7a1e6c303b7652f43698fad1153bb6c374b4c7fb98459ced',
  '7bcd9ed0efc889fb3002c6cd635afe94d8fa6bbbebab07612001802114846679' +
    '8a1d71efea48b9caefbacd1d7d476e98dea2594ac06fd85d6bcaa4cd81f32d1b',
  '378ee767f11631bad21380b00449b17acda43c32bcdf1d77f82012d430219f9b' +
    '5d80ef9d1891cc86e71da4aa88e12852faf417d5d9b21b9948bc924af11bd720',
].map((hex) => words(fromHex(hex).reverse()));

let tables: Int32Array | undefined;

function words(bytes: Uint8Array): Int32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Int32Array.from({ length: 16 }, (_, i) => view.getInt32(i * 4, true));
}

/**
 * Entry ((byte << 8) + value) * 2: the result of substitution and linear map for a byte of a word.
 */
function buildTables(): Int32Array {
  const made = new Int32Array(8 * 256 * 2);
  const rows = Int32Array.from(
    ROWS.flatMap((row) => [Number.parseInt(row.slice(8), 16), Number.parseInt(row.slice(0, 8), 16)]),
  );
  for (let byte = 0; byte < 8; byte++) {
    for (let value = 0; value < 256; value++) {
      const at = ((byte << 8) + value) * 2;
      for (let bit = 0; bit < 8; bit++) {
        if (((PI[value] ?? 0) >> bit) & 1) {
          const row = (63 - 8 * byte - bit) * 2;
          made[at] = (made[at] ?? 0) ^ (rows[row] ?? 0);
          made[at + 1] = (made[at + 1] ?? 0) ^ (rows[row + 1] ?? 0);
        }
      }
    }
  }
  return made;
}

function lps(a: Int32Array, b: Int32Array): Int32Array {
  tables ??= buildTables();
  const mixed = a.map((half, i) => half ^ (b[i] ?? 0));
  const result = new Int32Array(16);
  for (let word = 0; word < 8; word++) {
    const half = word >> 2;
    const shift = (word & 3) * 8;
    let low = 0;
    let high = 0;
    for (let byte = 0; byte < 8; byte++) {
      const at = ((byte << 8) + (((mixed[2 * byte + half] ?? 0) >>> shift) & 255)) * 2;
      low ^= tables[at] ?? 0;
      high ^= tables[at + 1] ?? 0;
    }
    result[2 * word] = low;
    result[2 * word + 1] = high;
  }
  return result;
}

function compress(h: Int32Array, counter: Int32Array, block: Int32Array): Int32Array {
  let key = lps(h, counter);
  let state = block;
  for (const constant of CONSTANTS) {
    state = lps(key, state);
    key = lps(key, constant);
  }
  return h.map((half, i) => half ^ (state[i] ?? 0) ^ (key[i] ?? 0) ^ (block[i] ?? 0));
}

function addTo(sum: Int32Array, what: Int32Array): void {
  let carry = 0;
  for (let i = 0; i < 16; i++) {
    const total = ((sum[i] ?? 0) >>> 0) + ((what[i] ?? 0) >>> 0) + carry;
    sum[i] = total | 0;
    carry = total > 0xffff_ffff ? 1 : 0;
  }
}

/** The digest of 512 or 256 bits. */
export function referenceStreebog(bits: 256 | 512, message: Uint8Array): Uint8Array {
  let h: Int32Array = new Int32Array(16).fill(bits === 256 ? 0x01010101 : 0);
  const counted = new Int32Array(16);
  const sigma = new Int32Array(16);
  const zero = new Int32Array(16);
  const length = new Int32Array(16);
  for (let at = 0; ; at += 64) {
    const piece = message.subarray(at, at + 64);
    const block = new Uint8Array(64);
    block.set(piece);
    if (piece.length < 64) block[piece.length] = 1;
    const value = words(block);
    h = compress(h, counted, value);
    length[0] = piece.length * 8;
    addTo(counted, length);
    addTo(sigma, value);
    if (piece.length < 64) break;
  }
  h = compress(compress(h, zero, counted), zero, sigma);
  const digest = new Uint8Array(64);
  const view = new DataView(digest.buffer);
  h.forEach((half, i) => {
    view.setInt32(i * 4, half, true);
  });
  return bits === 256 ? digest.slice(32) : digest;
}
