/**
 * The part of the WebAssembly interface that is used here. TypeScript declares it only in the DOM
 * library, which a server should not include.
 */
declare namespace WebAssembly {
  /** Whether this engine can load the binary. */
  function validate(bytes: Uint8Array): boolean;
  function compile(bytes: Uint8Array): Promise<Module>;
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module);
    readonly exports: Readonly<Record<string, unknown>>;
  }
  interface Memory {
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
}
