/**
 * The memory of the remote write kernel (`apps/server/kernels/remote-write.ts`) and its calls: a body goes in, columns come out. One body
 * at a time; views of the memory are good until the next body.
 */
import { randomFillSync } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** Bodies that are larger when unpacked are not for the kernel: its memory never shrinks. */
export const kernelPlainBytesMax = 8 * 1024 * 1024
/** Packed they may be larger by this little: snappy never adds more than a sixth. */
export const kernelPackedBytesMax = 10 * 1024 * 1024

/** Bounds of one walk; what is left is walked next. */
const rowsMax = 16_384
const samplesMax = 65_536

/** Words of a row: hash (4), start and end of labels or fields, samples up to here, kind. */
export const rowWords = 8
export const rowStart = 4
export const rowEnd = 5
export const rowSamplesEnd = 6
export const rowKind = 7
/** A series of labels and plain samples; any other row is a range of fields that the kernel did not read. */
export const kindSeries = 0

/** Layout of the memory, bytes. */
const secretAt = 16
const secretBytes = 64
const tenantAt = 80
const rowCountAt = 88
const sampleCountAt = 92
const rowsAt = 1024
const timesAt = rowsAt + rowsMax * rowWords * 4
const valuesAt = timesAt + samplesMax * 8
const bodyAt = valuesAt + samplesMax * 8
/** The kernel reads and copies in steps of up to 64 bytes. */
const slackBytes = 128
const pageBytes = 65_536

interface KernelExports {
  readonly memory: WebAssembly.Memory
  unsnappy(from: number, end: number, to: number, toEnd: number): number
  walk(from: number, end: number, rows: number, rowsMax: number, times: number, values: number, samplesMax: number): number
}

function load(): KernelExports {
  const code = new Uint8Array(readFileSync(new URL('../../../kernels/dist/remote-write.wasm', import.meta.url)))
  // eslint-disable-next-line typescript/no-unsafe-type-assertion -- the shape is that of the source we compile
  return new WebAssembly.Instance(new WebAssembly.Module(code)).exports as KernelExports
}

export class RequestKernel {
  readonly #exports = load()
  #bytes = new Uint8Array(0)
  #control = new DataView(new ArrayBuffer(0))
  #plainAt = bodyAt
  #plainEnd = bodyAt
  rows = new Uint32Array(0)
  times = new Float64Array(0)
  values = new Float64Array(0)
  /** Of the last walk. */
  rowCount = 0
  sampleCount = 0

  constructor() {
    this.#reserve(bodyAt)
    this.#map()
    const secrets = this.#bytes.subarray(secretAt, secretAt + secretBytes)
    randomFillSync(secrets)
    // The multipliers are odd, so that multiplying loses nothing.
    for (let at = secretBytes / 2; at < secretBytes; at += 8) secrets[at] = secrets[at]! | 1
  }

  /** Unpacks a snappy block whose elements begin at `elementsAt` and promise `plainBytes`. False when they are damaged. */
  unpack(body: Uint8Array, elementsAt: number, plainBytes: number): boolean {
    const end = bodyAt + body.byteLength
    this.#hold(end + slackBytes, plainBytes)
    this.#bytes.set(body, bodyAt)
    return this.#exports.unsnappy(bodyAt + elementsAt, end, this.#plainAt, this.#plainEnd) !== 0
  }

  /** Takes a body that is not packed. */
  take(plain: Uint8Array): void {
    this.#hold(bodyAt, plain.byteLength)
    this.#bytes.set(plain, this.#plainAt)
  }

  /** The unpacked body. */
  plain(): Uint8Array {
    return this.#bytes.subarray(this.#plainAt, this.#plainEnd)
  }

  /** Whose series these are, and the times (ms) outside of which a sample is not taken. */
  begin(tenantIndex: number, timeMinMs: number, timeMaxMs: number): void {
    this.#control.setFloat64(0, timeMinMs, true)
    this.#control.setFloat64(8, timeMaxMs, true)
    this.#control.setUint32(tenantAt, tenantIndex, true)
    this.#control.setUint32(tenantAt + 4, 0, true)
  }

  /** Reads on from `offset` of the body into `rows`, `times` and `values`; gives the offset to go on from. Ranges in rows are offsets too. */
  walk(offset: number): number {
    const from = this.#plainAt + offset
    const stopped = this.#exports.walk(from, this.#plainEnd, rowsAt, rowsMax, timesAt, valuesAt, samplesMax)
    this.rowCount = this.#control.getUint32(rowCountAt, true)
    this.sampleCount = this.#control.getUint32(sampleCountAt, true)
    return stopped - this.#plainAt
  }

  /** Rows have places in the memory; the body begins here. */
  get plainAt(): number {
    return this.#plainAt
  }

  #hold(plainAt: number, plainBytes: number): void {
    this.#plainAt = (plainAt + 15) & ~15
    this.#plainEnd = this.#plainAt + plainBytes
    if (this.#reserve(this.#plainEnd + slackBytes)) this.#map()
  }

  #reserve(bytes: number): boolean {
    const { memory } = this.#exports
    const missing = bytes - memory.buffer.byteLength
    if (missing > 0) memory.grow(Math.ceil(missing / pageBytes))
    return missing > 0
  }

  #map(): void {
    const { buffer } = this.#exports.memory
    this.#bytes = new Uint8Array(buffer)
    this.#control = new DataView(buffer)
    this.rows = new Uint32Array(buffer, rowsAt, rowsMax * rowWords)
    this.times = new Float64Array(buffer, timesAt, samplesMax)
    this.values = new Float64Array(buffer, valuesAt, samplesMax)
  }
}
