/** Loads the inner loops compiled to WebAssembly (`apps/server/kernels`). */
import { readFileSync } from 'node:fs'

export interface WithMemory {
  readonly memory: WebAssembly.Memory
}

/** Memory grows by so much. */
export const pageBytes = 65_536

/** A kernel of its own, with at least so much memory; views of it stay good as long as its owner does not grow it. `Exports`: what its source exports. */
export function loadKernel<Exports extends WithMemory>(name: string, memoryBytes: number): Exports {
  const code = new Uint8Array(readFileSync(new URL(`../../kernels/dist/${name}.wasm`, import.meta.url)))
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- the shape is that of the source we compile
  const exports = new WebAssembly.Instance(new WebAssembly.Module(code)).exports as Exports
  const missing = memoryBytes - exports.memory.buffer.byteLength
  if (missing > 0) exports.memory.grow(Math.ceil(missing / pageBytes))
  return exports
}
