/** The kernel of remote write 1 (`apps/server/kernels/remote-write.ts`): a body goes in, columns come out. */
import { columnsAt, KernelMemory, rowWords } from '../decode/kernel-memory.ts'

/** Packed bodies may be larger than unpacked ones by this little: snappy never adds more than a sixth. */
export const kernelPackedBytesMax = 10 * 1024 * 1024

/** Bounds of one walk; what is left is walked next. */
const rowsMax = 16_384
const samplesMax = 65_536

/** A series of labels and plain samples; any other row is a range of fields that the kernel did not read. */
export const kindSeries = 0

const timesAt = columnsAt + rowsMax * rowWords * 4
const valuesAt = timesAt + samplesMax * 8
const bodyAt = valuesAt + samplesMax * 8

interface Exports {
  readonly memory: WebAssembly.Memory
  unsnappy(from: number, end: number, to: number, toEnd: number): number
  walk(from: number, end: number, rows: number, rowsMax: number, times: number, values: number, samplesMax: number): number
}

export class RequestKernel {
  rows = new Uint32Array(0)
  times = new Float64Array(0)
  values = new Float64Array(0)
  readonly memory = new KernelMemory<Exports>('remote-write', bodyAt, (buffer) => {
    this.rows = new Uint32Array(buffer, columnsAt, rowsMax * rowWords)
    this.times = new Float64Array(buffer, timesAt, samplesMax)
    this.values = new Float64Array(buffer, valuesAt, samplesMax)
  })

  /** Unpacks a snappy block whose elements begin at `elementsAt` and promise `plainBytes`. False when they are damaged. */
  unpack(body: Uint8Array, elementsAt: number, plainBytes: number): boolean {
    const { memory } = this
    const at = memory.takePacked(body, plainBytes)
    return memory.exports.unsnappy(at + elementsAt, at + body.byteLength, memory.plainAt, memory.plainEnd) !== 0
  }

  /** Reads on from `offset` of the body into `rows`, `times` and `values`; gives the offset to go on from. Ranges in rows are places in the memory. */
  walk(offset: number): number {
    const { exports, plainAt, plainEnd } = this.memory
    return exports.walk(plainAt + offset, plainEnd, columnsAt, rowsMax, timesAt, valuesAt, samplesMax) - plainAt
  }
}
