/** The kernel of the Influx line protocol (`apps/server/kernels/influx.ts`): lines go in, a row, a time and a value for each field come out. */
import { columnsAt, KernelMemory, rowWords } from '../decode/kernel-memory.ts'

/** Bounds of one walk; what is left is walked next. A line with more fields is read by the plain reader. */
const rowsMax = 32_768

/** Words of a row beside its hash: places of the line, the field and its value in the memory, and the kind. */
export const rowLine = 4
export const rowField = 5
export const rowValue = 6
export const rowKind = 7

/** What a row is besides a number (0); the same numbers as in the kernel. */
export const kindDigits = 1
export const kindString = 2

/** Why a walk ended, if not (0) because nothing is left or there are no more rows: the line there is for the plain reader, or is not whole. */
export const stopLine = 1
export const stopCut = 2

const timesAt = columnsAt + rowsMax * rowWords * 4
const valuesAt = timesAt + rowsMax * 8
const powersAt = valuesAt + rowsMax * 8
/** 10^0 to 10^22 are doubles; a longer product would be rounded twice. */
const powers = 23
/** And from 10^-64 to 10^64 in 128 bits. */
const tensMax = 64
const tensAt = powersAt + powers * 8
const bodyAt = tensAt + (2 * tensMax + 1) * 16

const tenantHighAt = 84
const stopAt = 92
const nowAt = 96

const lineFeed = 10
/** Line feeds behind the body, so that the kernel's loops come to an end. */
const fence = 64

/** How a request's times become milliseconds: `time * multiplier` or, when `divisor` is above 1, `floor(time / divisor)`. */
export interface TimeUnit {
  readonly multiplier: number
  readonly divisor: number
}

interface Exports {
  readonly memory: WebAssembly.Memory
  layOut(rows: number, rowsMax: number, times: number, values: number, powers: number): void
  walk(from: number, end: number, isLast: number, multiplier: number, divisor: number): number
}

export class LineKernel {
  rows = new Uint32Array(0)
  times = new Float64Array(0)
  values = new Float64Array(0)
  #control = new DataView(new ArrayBuffer(0))
  readonly memory = new KernelMemory<Exports>('influx', bodyAt, (buffer) => {
    this.rows = new Uint32Array(buffer, columnsAt, rowsMax * rowWords)
    this.times = new Float64Array(buffer, timesAt, rowsMax)
    this.values = new Float64Array(buffer, valuesAt, rowsMax)
    this.#control = new DataView(buffer)
  })

  constructor() {
    this.memory.exports.layOut(columnsAt, rowsMax, timesAt, valuesAt, powersAt)
    const table = new Float64Array(this.memory.exports.memory.buffer, powersAt, powers)
    table.forEach((_unused, exponent) => (table[exponent] = Number(`1e${exponent}`)))
    const tens = new BigUint64Array(this.memory.exports.memory.buffer, tensAt, 2 * (2 * tensMax + 1))
    for (let exponent = -tensMax; exponent <= tensMax; exponent++) {
      const power = powerOfTen(exponent)
      tens[2 * (exponent + tensMax)] = power >> 64n
      tens[2 * (exponent + tensMax) + 1] = BigInt.asUintN(64, power)
    }
  }

  /** Takes the next part of a body. */
  take(part: Uint8Array): void {
    this.memory.take(part)
    this.memory.bytes.fill(lineFeed, this.memory.plainEnd, this.memory.plainEnd + fence)
  }

  /** `database`: a number that keeps the same lines of several databases apart. `nowMs`: the time of lines that have none. */
  begin(tenantIndex: number, database: number, times: { readonly minMs: number; readonly maxMs: number; readonly nowMs: number }): void {
    this.memory.begin(tenantIndex, times.minMs, times.maxMs)
    this.#control.setUint32(tenantHighAt, database, true)
    this.#control.setFloat64(nowAt, times.nowMs, true)
  }

  /** Reads on from `offset` of the part; gives the offset at which it stopped, the beginning of a line. */
  walk(offset: number, isLast: boolean, unit: TimeUnit): number {
    const { exports, plainAt, plainEnd } = this.memory
    return exports.walk(plainAt + offset, plainEnd, isLast ? 1 : 0, unit.multiplier, unit.divisor) - plainAt
  }

  /** Why the last walk stopped. */
  get stop(): number {
    return this.#control.getUint32(stopAt, true)
  }
}

/** The first 128 binary digits of a power of ten. */
function powerOfTen(exponent: number): bigint {
  const whole = 10n ** BigInt(Math.abs(exponent))
  const digits = whole.toString(2).length
  if (exponent < 0) return (1n << BigInt(127 + digits)) / whole
  return digits > 128 ? whole >> BigInt(digits - 128) : whole << BigInt(128 - digits)
}
