/**
 * Streebog (GOST R 34.11-2012, RFC 6986) with the usual eight tables that do substitution,
 * transposition and the linear map at once.
 */

/** RFC 6986 6.2 */
const pi = memory.data<u8>([
  0xfc, 0xee, 0xdd, 0x11, 0xcf, 0x6e, 0x31, 0x16, 0xfb, 0xc4, 0xfa, 0xda, 0x23, 0xc5, 0x04, 0x4d,
  0xe9, 0x77, 0xf0, 0xdb, 0x93, 0x2e, 0x99, 0xba, 0x17, 0x36, 0xf1, 0xbb, 0x14, 0xcd, 0x5f, 0xc1,
  0xf9, 0x18, 0x65, 0x5a, 0xe2, 0x5c, 0xef, 0x21, 0x81, 0x1c, 0x3c, 0x42, 0x8b, 0x01, 0x8e, 0x4f,
  0x05, 0x84, 0x02, 0xae, 0xe3, 0x6a, 0x8f, 0xa0, 0x06, 0x0b, 0xed, 0x98, 0x7f, 0xd4, 0xd3, 0x1f,
  0xeb, 0x34, 0x2c, 0x51, 0xea, 0xc8, 0x48, 0xab, 0xf2, 0x2a, 0x68, 0xa2, 0xfd, 0x3a, 0xce, 0xcc,
  0xb5, 0x70, 0x0e, 0x56, 0x08, 0x0c, 0x76, 0x12, 0xbf, 0x72, 0x13, 0x47, 0x9c, 0xb7, 0x5d, 0x87,
  0x15, 0xa1, 0x96, 0x29, 0x10, 0x7b, 0x9a, 0xc7, 0xf3, 0x91, 0x78, 0x6f, 0x9d, 0x9e, 0xb2, 0xb1,
  0x32, 0x75, 0x19, 0x3d, 0xff, 0x35, 0x8a, 0x7e, 0x6d, 0x54, 0xc6, 0x80, 0xc3, 0xbd, 0x0d, 0x57,
  0xdf, 0xf5, 0x24, 0xa9, 0x3e, 0xa8, 0x43, 0xc9, 0xd7, 0x79, 0xd6, 0xf6, 0x7c, 0x22, 0xb9, 0x03,
  0xe0, 0x0f, 0xec, 0xde, 0x7a, 0x94, 0xb0, 0xbc, 0xdc, 0xe8, 0x28, 0x50, 0x4e, 0x33, 0x0a, 0x4a,
  0xa7, 0x97, 0x60, 0x73, 0x1e, 0x00, 0x62, 0x44, 0x1a, 0xb8, 0x38, 0x82, 0x64, 0x9f, 0x26, 0x41,
  0xad, 0x45, 0x46, 0x92, 0x27, 0x5e, 0x55, 0x2f, 0x8c, 0xa3, 0xa5, 0x7d, 0x69, 0xd5, 0x95, 0x3b,
  0x07, 0x58, 0xb3, 0x40, 0x86, 0xac, 0x1d, 0xf7, 0x30, 0x37, 0x6b, 0xe4, 0x88, 0xd9, 0xe7, 0x89,
  0xe1, 0x1b, 0x83, 0x49, 0x4c, 0x3f, 0xf8, 0xfe, 0x8d, 0x53, 0xaa, 0x90, 0xca, 0xd8, 0x85, 0x61,
  0x20, 0x71, 0x67, 0xa4, 0x2d, 0x2b, 0x09, 0x5b, 0xcb, 0x9b, 0x25, 0xd0, 0xbe, 0xe5, 0x6c, 0x52,
  0x59, 0xa6, 0x74, 0xd2, 0xe6, 0xf4, 0xb4, 0xc0, 0xd1, 0x66, 0xaf, 0xc2, 0x39, 0x4b, 0x63, 0xb6,
]);

/** RFC 6986 6.4: the rows of the linear map, first for the highest bit. */
const rows = memory.data<u64>([
  0x8e20faa72ba0b470, 0x47107ddd9b505a38, 0xad08b0e0c3282d1c, 0xd8045870ef14980e, 0x6c022c38f90a4c07, 0x3601161cf205268d,
  0x1b8e0b0e798c13c8, 0x83478b07b2468764, 0xa011d380818e8f40, 0x5086e740ce47c920, 0x2843fd2067adea10, 0x14aff010bdd87508,
  0x0ad97808d06cb404, 0x05e23c0468365a02, 0x8c711e02341b2d01, 0x46b60f011a83988e, 0x90dab52a387ae76f, 0x486dd4151c3dfdb9,
  0x24b86a840e90f0d2, 0x125c354207487869, 0x092e94218d243cba, 0x8a174a9ec8121e5d, 0x4585254f64090fa0, 0xaccc9ca9328a8950,
  0x9d4df05d5f661451, 0xc0a878a0a1330aa6, 0x60543c50de970553, 0x302a1e286fc58ca7, 0x18150f14b9ec46dd, 0x0c84890ad27623e0,
  0x0642ca05693b9f70, 0x0321658cba93c138, 0x86275df09ce8aaa8, 0x439da0784e745554, 0xafc0503c273aa42a, 0xd960281e9d1d5215,
  0xe230140fc0802984, 0x71180a8960409a42, 0xb60c05ca30204d21, 0x5b068c651810a89e, 0x456c34887a3805b9, 0xac361a443d1c8cd2,
  0x561b0d22900e4669, 0x2b838811480723ba, 0x9bcf4486248d9f5d, 0xc3e9224312c8c1a0, 0xeffa11af0964ee50, 0xf97d86d98a327728,
  0xe4fa2054a80b329c, 0x727d102a548b194e, 0x39b008152acb8227, 0x9258048415eb419d, 0x492c024284fbaec0, 0xaa16012142f35760,
  0x550b8e9e21f7a530, 0xa48b474f9ef5dc18, 0x70a6a56e2440598e, 0x3853dc371220a247, 0x1ca76e95091051ad, 0x0edd37c48a08a6d8,
  0x07e095624504536c, 0x8d70c431ac02a736, 0xc83862965601dd1b, 0x641c314b2b8ee083,
]);

/** RFC 6986 6.5: the twelve constants, each as eight words, lowest first. */
const constants = memory.data<u64>([
  0xdd806559f2a64507, 0x05767436cc744d23, 0xa2422a08a460d315, 0x4b7ce09192676901, 0x714eb88d7585c4fc, 0x2f6a76432e45d016,
  0xebcb2f81c0657c1f, 0xb1085bda1ecadae9, 0xe679047021b19bb7, 0x55dda21bd7cbcd56, 0x5cb561c2db0aa7ca, 0x9ab5176b12d69958,
  0x61d55e0f16b50131, 0xf3feea720a232b98, 0x4fe39d460f70b5d7, 0x6fa3b58aa99d2f1a, 0x991e96f50aba0ab2, 0xc2b6f443867adb31,
  0xc1c93a376062db09, 0xd3e20fe490359eb1, 0xf2ea7514b1297b7b, 0x06f15e5f529c1f8b, 0x0a39fc286a3d8435, 0xf574dcac2bce2fc7,
  0x220cbebc84e3d12e, 0x3453eaa193e837f1, 0xd8b71333935203be, 0xa9d72c82ed03d675, 0x9d721cad685e353f, 0x488e857e335c3c7d,
  0xf948e1a05d71e4dd, 0xef1fdfb3e81566d2, 0x601758fd7c6cfe57, 0x7a56a27ea9ea63f5, 0xdfff00b723271a16, 0xbfcd1747253af5a3,
  0x359e35d7800fffbd, 0x7f151c1f1686104a, 0x9a3f410c6ca92363, 0x4bea6bacad474799, 0xfa68407a46647d6e, 0xbf71c57236904f35,
  0x0af21f66c2bec6b6, 0xcffaa6b71c9ab7b4, 0x187f9ab49af08ec6, 0x2d66c4f95142a46c, 0x6fa4c33b7a3039c0, 0xae4faeae1d3ad3d9,
  0x8886564d3a14d493, 0x3517454ca23c4af3, 0x06476983284a0504, 0x0992abc52d822c37, 0xd3473e33197a93c9, 0x399ec6c7e6bf87c9,
  0x51ac86febf240954, 0xf4c70e16eeaac5ec, 0xa47f0dd4bf02e71e, 0x36acc2355951a8d9, 0x69d18d2bd1a5c42f, 0xf4892bcb929b0690,
  0x89b4443b4ddbc49a, 0x4eb7f8719c36de1e, 0x03e7aa020c6e4141, 0x9b1f5b424d93c9a7, 0x7261445183235adb, 0x0e38dc92cb1f2a60,
  0x7b2b8a9aa6079c54, 0x800a440bdbb2ceb1, 0x3cd955b7e00d0984, 0x3a7d3a1b25894224, 0x944c9ad8ec165fde, 0x378f5a541631229b,
  0x74b4c7fb98459ced, 0x3698fad1153bb6c3, 0x7a1e6c303b7652f4, 0x9fe76702af69334b, 0x1fffe18a1b336103, 0x8941e71cff8a78db,
  0x382ae548b2e4f3f3, 0xabbedea680056f52, 0x6bcaa4cd81f32d1b, 0xdea2594ac06fd85d, 0xefbacd1d7d476e98, 0x8a1d71efea48b9ca,
  0x2001802114846679, 0xd8fa6bbbebab0761, 0x3002c6cd635afe94, 0x7bcd9ed0efc889fb, 0x48bc924af11bd720, 0xfaf417d5d9b21b99,
  0xe71da4aa88e12852, 0x5d80ef9d1891cc86, 0xf82012d430219f9b, 0xcda43c32bcdf1d77, 0xd21380b00449b17a, 0x378ee767f11631ba,
]);

const tables = memory.data(8 * 256 * 8, 16);
const h = memory.data(64, 16);
const n = memory.data(64, 16);
const sigma = memory.data(64, 16);
const key = memory.data(64, 16);
const state = memory.data(64, 16);
const mixed = memory.data(64, 16);
const zero = memory.data(64, 16);
const last = memory.data(64, 16);

/** Where the host writes what is to be hashed: whole blocks, except before `finish`. */
const input = memory.data(65536, 16);

export function addressOfInput(): usize {
  return input;
}

/** Where the digest stands after `finish`: 64 bytes, of which the 256-bit form is the last 32. */
export function addressOfDigest(): usize {
  return h;
}

/** Fills the tables; called once. */
export function prepare(): void {
  for (let byte: usize = 0; byte < 8; byte++) {
    for (let value: usize = 0; value < 256; value++) {
      const substituted = load<u8>(pi + value);
      let word: u64 = 0;
      for (let bit: usize = 0; bit < 8; bit++) {
        if ((substituted >> <u8>bit) & 1) word ^= load<u64>(rows + ((63 - 8 * byte - bit) << 3));
      }
      store<u64>(tables + (((byte << 8) + value) << 3), word);
    }
  }
}

@inline
function look(byte: usize, word: u64, shift: u64): u64 {
  return load<u64>(tables + (byte << 11) + (<usize>((word >> shift) & 255) << 3));
}

/** to = LPS(a xor b) */
function lps(to: usize, a: usize, b: usize): void {
  const w0 = load<u64>(a) ^ load<u64>(b);
  const w1 = load<u64>(a, 8) ^ load<u64>(b, 8);
  const w2 = load<u64>(a, 16) ^ load<u64>(b, 16);
  const w3 = load<u64>(a, 24) ^ load<u64>(b, 24);
  const w4 = load<u64>(a, 32) ^ load<u64>(b, 32);
  const w5 = load<u64>(a, 40) ^ load<u64>(b, 40);
  const w6 = load<u64>(a, 48) ^ load<u64>(b, 48);
  const w7 = load<u64>(a, 56) ^ load<u64>(b, 56);
  for (let i: usize = 0; i < 8; i++) {
    const shift: u64 = i << 3;
    store<u64>(
      to + (i << 3),
      look(0, w0, shift) ^ look(1, w1, shift) ^ look(2, w2, shift) ^ look(3, w3, shift) ^
        look(4, w4, shift) ^ look(5, w5, shift) ^ look(6, w6, shift) ^ look(7, w7, shift),
    );
  }
}

/** The compression function: h = E(LPS(h xor counter), block) xor h xor block. */
function compress(counter: usize, block: usize): void {
  lps(key, h, counter);
  lps(state, key, block);
  for (let round: usize = 0; round < 11; round++) {
    lps(mixed, key, constants + (round << 6));
    memory.copy(key, mixed, 64);
    lps(mixed, key, state);
    memory.copy(state, mixed, 64);
  }
  lps(mixed, key, constants + (11 << 6));
  for (let i: usize = 0; i < 64; i += 8) {
    store<u64>(h + i, load<u64>(h + i) ^ load<u64>(block + i) ^ load<u64>(state + i) ^ load<u64>(mixed + i));
  }
}

/** to = to + what, modulo 2^512 */
function addBlock(to: usize, what: usize): void {
  let carry: u64 = 0;
  for (let i: usize = 0; i < 64; i += 8) {
    const a = load<u64>(to + i);
    const partial = a + load<u64>(what + i);
    const total = partial + carry;
    carry = <u64>(partial < a) | <u64>(total < partial);
    store<u64>(to + i, total);
  }
}

function addLength(bits: u64): void {
  memory.fill(mixed, 0, 64);
  store<u64>(mixed, bits);
  addBlock(n, mixed);
}

/** Begins a digest of 512 or 256 bits. */
export function begin(bits: i32): void {
  memory.fill(h, bits == 256 ? 1 : 0, 64);
  memory.fill(n, 0, 64);
  memory.fill(sigma, 0, 64);
}

/** Takes whole blocks from the input. */
export function update(blocks: usize): void {
  for (let i: usize = 0; i < blocks; i++) {
    const block = input + (i << 6);
    compress(n, block);
    addLength(512);
    addBlock(sigma, block);
  }
}

/** Takes the last `length` bytes of the input (fewer than 64) and leaves the digest. */
export function finish(length: usize): void {
  memory.fill(last, 0, 64);
  memory.copy(last, input, length);
  store<u8>(last + length, 1);
  compress(n, last);
  addLength(<u64>length << 3);
  addBlock(sigma, last);
  compress(zero, n);
  compress(zero, sigma);
}
