/**
 * The memory of a WebAssembly kernel (`apps/server/kernels`): the control block at its start, then the kernel's columns, then the body being
 * read. One body at a time; views of the memory are good until the next body, because a larger one may move it.
 */
import { randomFillSync } from 'node:crypto'
import { loadKernel, pageBytes, type WithMemory } from '../../kernel/webassembly.ts'

/** Bodies that are larger when unpacked are not for kernels: their memory never shrinks. */
export const kernelPlainBytesMax = 8 * 1024 * 1024

/** Words of a row: hash (4), start and end of what it is about, samples up to here, kind. */
export const rowWords = 8
export const rowStart = 4
export const rowEnd = 5
export const rowSamplesEnd = 6
export const rowKind = 7

/** Where the columns of every kernel begin. */
export const columnsAt = 1024

/** The control block, bytes from 0: times accepted, secrets of the hash, tenant; then what the kernel says. */
const timeMinAt = 0
const timeMaxAt = 8
const secretAt = 16
const secretBytes = 64
const tenantAt = 80
const rowCountAt = 88
const sampleCountAt = 92

/** Kernels read and copy in steps of up to 64 bytes. */
const slackBytes = 128

/** Whether it had to grow: then views of it are lost. */
function reserve(memory: WebAssembly.Memory, bytes: number): boolean {
  const missing = bytes - memory.buffer.byteLength
  if (missing > 0) memory.grow(Math.ceil(missing / pageBytes))
  return missing > 0
}

export class KernelMemory<Exports extends WithMemory> {
  readonly exports: Exports
  bytes = new Uint8Array(0)
  /** Place of the body. */
  plainAt: number
  plainEnd: number
  readonly #bodyAt: number
  readonly #moved: (buffer: ArrayBuffer) => void
  #control = new DataView(new ArrayBuffer(0))

  /** `bodyAt`: the end of the kernel's columns. `moved` is called at once and whenever views must be made again. */
  constructor(name: string, bodyAt: number, moved: (buffer: ArrayBuffer) => void) {
    this.exports = loadKernel<Exports>(name, bodyAt + slackBytes)
    this.#bodyAt = this.plainAt = this.plainEnd = bodyAt
    this.#moved = moved
    this.#map()
    const secrets = this.bytes.subarray(secretAt, secretAt + secretBytes)
    randomFillSync(secrets)
    // The multipliers are odd, so that multiplying loses nothing.
    for (let at = secretBytes / 2; at < secretBytes; at += 8) secrets[at] = secrets[at]! | 1
  }

  /** Takes a packed body and makes room for it unpacked; gives the place of the packed one. */
  takePacked(body: Uint8Array, plainBytes: number): number {
    this.#hold(this.#bodyAt + body.byteLength + slackBytes, plainBytes)
    this.bytes.set(body, this.#bodyAt)
    return this.#bodyAt
  }

  /** Takes a body as it is. */
  take(plain: Uint8Array): void {
    this.#hold(this.#bodyAt, plain.byteLength)
    this.bytes.set(plain, this.plainAt)
  }

  /** The unpacked body. */
  plain(): Uint8Array {
    return this.bytes.subarray(this.plainAt, this.plainEnd)
  }

  /** Whose series these are, and the times (ms) outside of which the kernel takes no sample. */
  begin(tenantIndex: number, timeMinMs: number, timeMaxMs: number): void {
    this.#control.setFloat64(timeMinAt, timeMinMs, true)
    this.#control.setFloat64(timeMaxAt, timeMaxMs, true)
    this.#control.setUint32(tenantAt, tenantIndex, true)
    this.#control.setUint32(tenantAt + 4, 0, true)
  }

  /** Of the last walk. */
  get rowCount(): number {
    return this.#control.getUint32(rowCountAt, true)
  }

  get sampleCount(): number {
    return this.#control.getUint32(sampleCountAt, true)
  }

  #hold(plainAt: number, plainBytes: number): void {
    this.plainAt = (plainAt + 15) & ~15
    this.plainEnd = this.plainAt + plainBytes
    if (reserve(this.exports.memory, this.plainEnd + slackBytes)) this.#map()
  }

  #map(): void {
    const { buffer } = this.exports.memory
    this.bytes = new Uint8Array(buffer)
    this.#control = new DataView(buffer)
    this.#moved(buffer)
  }
}
