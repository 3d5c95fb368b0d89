/**
 * The host's side of `assembly/`. Loads the WebAssembly once per thread and keeps the tables of
 * known keys.
 */
import { gostBinary } from './assets.ts';
import { fromLittleEndian, littleEndian } from './little-endian.ts';
import { compile, toLatin1 } from './platform.ts';

interface Exports {
  readonly memory: WebAssembly.Memory;
  addressOfX(): number;
  addressOfY(): number;
  addressOfScalarG(): number;
  addressOfScalarQ(): number;
  addressOfR(): number;
  isOnCurve(): number;
  tableAddress(slot: number): number;
  buildTable(slot: number): void;
  verifyInput(): number;
  verifyFixed(slot: number): number;
  /** The same with two products at once. Only in the binary for engines with SIMD. */
  verifyInputPaired?(): number;
  verifyFixedPaired?(slot: number): number;
  addressOfNumber(): number;
  invertNumber(): void;
  prepare(): void;
  begin(bits: number): void;
  update(blocks: number): void;
  finish(length: number): void;
  addressOfInput(): number;
  addressOfDigest(): number;
}

/**
 * Number of tables for keys, 682 KB each, besides the base point's in slot 0. The least recently
 * used one is replaced.
 */
const KEY_SLOTS = 15;
const INPUT_BYTES = 65_536;

const GENERATOR_X = 3n;
const GENERATOR_Y =
  0x7503cfe87a836ae3a61b8816e25450e6ce5e1c93acf1abc1778064fdcbefa921df1626be4fd036e93d75e6a50e3a41e98028fe5fc235f5b889a589cb5215f2a4n;

let loaded: Engine | null | undefined;

/**
 * The WebAssembly of this thread. Null when it was not built (an install without dev dependencies):
 * plain TypeScript then does the same work several times slower.
 */
export function gostEngine(): Engine | null {
  if (loaded === undefined) useBinary(bestBinary());
  return loaded ?? null;
}

/** The binary with SIMD where the engine can load it. */
export function bestBinary(): Uint8Array | null {
  const simd = gostBinary('gost-simd.wasm');
  return simd !== null && WebAssembly.validate(simd) ? simd : gostBinary('gost.wasm');
}

/** Uses this WebAssembly in this thread. The pool's threads receive it from the main thread. */
export function useBinary(bytes: Uint8Array | null, scalar = false): void {
  const module = bytes === null ? null : compile(bytes);
  loaded = module === null ? null : new Engine(module, scalar);
}

/** Uses WebAssembly that was compiled elsewhere. */
export function useModule(module: WebAssembly.Module): void {
  loaded = new Engine(module);
}

export class Engine {
  readonly #wasm: Exports;
  readonly #verifyInput: () => number;
  readonly #verifyFixed: (slot: number) => number;
  #bytes: Uint8Array;
  /** The slot of a key, by the key's bytes in Latin-1. Kept in the order of use. */
  readonly #slots = new Map<string, number>();

  /** `scalar` computes one product at a time even where two are possible: a second opinion. */
  constructor(module: WebAssembly.Module, scalar = false) {
    const instance = new WebAssembly.Instance(module);
    this.#wasm = instance.exports as unknown as Exports;
    const { verifyInput, verifyFixed, verifyInputPaired, verifyFixedPaired } = this.#wasm;
    this.#verifyInput = scalar ? verifyInput : (verifyInputPaired ?? verifyInput);
    this.#verifyFixed = scalar ? verifyFixed : (verifyFixedPaired ?? verifyFixed);
    const wanted = this.#wasm.tableAddress(KEY_SLOTS + 1) + 64;
    const present = this.#wasm.memory.buffer.byteLength;
    if (wanted > present) this.#wasm.memory.grow(Math.ceil((wanted - present) / 65_536));
    this.#bytes = new Uint8Array(this.#wasm.memory.buffer);
    this.#wasm.prepare();
    this.#setPoint(littleEndian(GENERATOR_X), littleEndian(GENERATOR_Y));
    this.#wasm.buildTable(0);
  }

  #setPoint(x: Uint8Array, y: Uint8Array): void {
    this.#bytes.set(x, this.#wasm.addressOfX());
    this.#bytes.set(y, this.#wasm.addressOfY());
  }

  /**
   * True when the x coordinate of z1 G + z2 Q is r (or r + n). All numbers are 64 little-endian
   * bytes. `reused` says that the key comes often (a CA or a responder), so that building its table
   * in 16 ms pays off.
   */
  matches(
    key: Uint8Array,
    z1: Uint8Array,
    z2: Uint8Array,
    r: Uint8Array,
    rPlusN: Uint8Array,
    reused: boolean,
  ): boolean {
    const wasm = this.#wasm;
    const slot = reused ? this.#slotOf(key) : 0;
    if (slot === null) return false;
    if (slot === 0) {
      this.#setPoint(key.subarray(0, 64), key.subarray(64, 128));
      if (wasm.isOnCurve() === 0) return false;
    }
    this.#bytes.set(z1, wasm.addressOfScalarG());
    this.#bytes.set(z2, wasm.addressOfScalarQ());
    this.#bytes.set(r, wasm.addressOfR());
    this.#bytes.set(rPlusN, wasm.addressOfR() + 64);
    return (slot === 0 ? this.#verifyInput() : this.#verifyFixed(slot)) !== 0;
  }

  /** 1 / value modulo the curve's order, for a value from 1 to the order. */
  inverse(value: bigint): bigint {
    const address = this.#wasm.addressOfNumber();
    this.#bytes.set(littleEndian(value), address);
    this.#wasm.invertNumber();
    return fromLittleEndian(this.#bytes.subarray(address, address + 64));
  }

  /** Builds the key's table unless it exists. */
  prepareKey(key: Uint8Array): void {
    this.#slotOf(key);
  }

  /**
   * The slot with the key's table, which is built if necessary; null when the key is not a point on
   * the curve.
   */
  #slotOf(key: Uint8Array): number | null {
    const name = toLatin1(key);
    let slot = this.#slots.get(name);
    if (slot !== undefined) {
      this.#slots.delete(name);
    } else {
      this.#setPoint(key.subarray(0, 64), key.subarray(64, 128));
      if (this.#wasm.isOnCurve() === 0) return null;
      if (this.#slots.size < KEY_SLOTS) {
        slot = this.#slots.size + 1;
      } else {
        const [oldest, freed] = this.#slots.entries().next().value ?? ['', 1];
        this.#slots.delete(oldest);
        slot = freed;
      }
      this.#wasm.buildTable(slot);
    }
    this.#slots.set(name, slot);
    return slot;
  }

  /** The Streebog digest of the parts in sequence. */
  streebog(bits: 256 | 512, parts: readonly Uint8Array[]): Uint8Array {
    const wasm = this.#wasm;
    const input = wasm.addressOfInput();
    wasm.begin(bits);
    let filled = 0;
    for (const part of parts) {
      for (let at = 0; at < part.length; ) {
        const taken = Math.min(part.length - at, INPUT_BYTES - filled);
        this.#bytes.set(part.subarray(at, at + taken), input + filled);
        filled += taken;
        at += taken;
        if (filled === INPUT_BYTES) {
          wasm.update(INPUT_BYTES / 64);
          filled = 0;
        }
      }
    }
    const whole = filled >> 6;
    wasm.update(whole);
    this.#bytes.copyWithin(input, input + whole * 64, input + filled);
    wasm.finish(filled & 63);
    const digest = wasm.addressOfDigest();
    return this.#bytes.slice(digest + (bits === 256 ? 32 : 0), digest + 64);
  }
}
