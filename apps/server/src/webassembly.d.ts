/** The few parts of the WebAssembly JavaScript interface (webassembly.github.io/spec/js-api) that we use; Node's types leave them to the DOM's. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array<ArrayBuffer>)
  }
  class Instance {
    constructor(module: Module)
    readonly exports: unknown
  }
  interface Memory {
    readonly buffer: ArrayBuffer
    /** Adds pages of 64 KiB; detaches the former buffer. */
    grow(pages: number): number
  }
}
