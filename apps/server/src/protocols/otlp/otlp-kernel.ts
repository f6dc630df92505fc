/** The kernel of OTLP metrics (`apps/server/kernels/otlp.ts`): a request goes in, rows and columns come out. */
import { columnsAt, KernelMemory, rowWords } from '../decode/kernel-memory.ts'

/** Bounds of one walk. A ResourceMetrics with more is read field by field; what is left after others is walked next. */
const rowsMax = 65_536
const samplesMax = 131_072

/** What a row is about; the same numbers as in the kernel. */
export const kindGauge = 0
export const kindCounter = 1
export const kindHistogram = 2
export const kindPoint = 3
export const kindMetric = 4
export const kindScope = 5
export const kindResource = 6
export const kindResourceEnd = 7
export const kindOtherMetric = 8
export const kindOtherResource = 9
export const kindRest = 10

const timesAt = columnsAt + rowsMax * rowWords * 4
const valuesAt = timesAt + samplesMax * 8
const startsAt = valuesAt + samplesMax * 8
const bodyAt = startsAt + samplesMax * 8

interface Exports {
  readonly memory: WebAssembly.Memory
  layOut(rows: number, rowsMax: number, times: number, values: number, starts: number, samplesMax: number): void
  walk(from: number, end: number): number
}

export class OtlpKernel {
  rows = new Uint32Array(0)
  times = new Float64Array(0)
  values = new Float64Array(0)
  /** Start times, ms; of a histogram beside each of its samples. */
  starts = new Float64Array(0)
  readonly memory = new KernelMemory<Exports>('otlp', bodyAt, (buffer) => {
    this.rows = new Uint32Array(buffer, columnsAt, rowsMax * rowWords)
    this.times = new Float64Array(buffer, timesAt, samplesMax)
    this.values = new Float64Array(buffer, valuesAt, samplesMax)
    this.starts = new Float64Array(buffer, startsAt, samplesMax)
  })

  constructor() {
    this.memory.exports.layOut(columnsAt, rowsMax, timesAt, valuesAt, startsAt, samplesMax)
  }

  /** Reads on from `offset` of the request; gives the offset to go on from. Ranges in rows are places in the memory. */
  walk(offset: number): number {
    const { exports, plainAt, plainEnd } = this.memory
    return exports.walk(plainAt + offset, plainEnd) - plainAt
  }
}
