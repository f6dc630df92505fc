/** One operator applied to two samples: floats by kernels over whole rows, histograms one by one. */
import type { NativeHistogram } from '../../metrics/index.ts'
import { combined, divided, scaled } from '../histograms/arithmetic.ts'
import { equalHistograms } from '../histograms/compare.ts'
import { trimmed } from '../histograms/trim.ts'
import { notes, type Annotations } from './annotations.ts'

export type FloatOp = (left: number, right: number) => number
export type FloatTest = (left: number, right: number) => boolean

/** Go's `math.Pow`, which differs from JavaScript for 1^NaN and (-1)^±Inf. */
function power(left: number, right: number): number {
  if (left === 1 || (left === -1 && Math.abs(right) === Infinity)) return 1
  return left ** right
}

export const arithmetic: ReadonlyMap<string, FloatOp> = new Map<string, FloatOp>([
  ['+', (left, right) => left + right],
  ['-', (left, right) => left - right],
  ['*', (left, right) => left * right],
  ['/', (left, right) => left / right],
  ['%', (left, right) => left % right],
  ['^', power],
  ['atan2', Math.atan2],
])

export const comparisons: ReadonlyMap<string, FloatTest> = new Map<string, FloatTest>([
  ['==', (left, right) => left === right],
  ['!=', (left, right) => left !== right],
  ['>', (left, right) => left > right],
  ['<', (left, right) => left < right],
  ['>=', (left, right) => left >= right],
  ['<=', (left, right) => left <= right],
])

/** `</` keeps the observations of a histogram at or below a float, `>/` those above; two floats give nothing. */
export const trimOperators: ReadonlySet<string> = new Set(['</', '>/'])

/** A side of an operation: the histogram when it is not null, else the float. */
export interface Operand {
  readonly float: number
  readonly histogram: NativeHistogram | null
}

/** null: no result (and an annotation says why). For comparisons `keep` is the answer and `histogram` the left side. */
export interface HistogramResult {
  readonly histogram: NativeHistogram | null
  readonly keep: boolean
}

/** An operation in which at least one side is a histogram. */
export function histogramOp(op: string, left: Operand, right: Operand, annotations: Annotations, offset: number): HistogramResult | null {
  const l = left.histogram
  const r = right.histogram
  if (l !== null && r !== null) return bothHistograms(op, l, r, annotations, offset)
  if (l !== null && op === '*') return { histogram: scaled(l, right.float), keep: true }
  if (l !== null && op === '/') return { histogram: divided(l, right.float), keep: true }
  if (l !== null && trimOperators.has(op)) return { histogram: trimmed(l, right.float, op === '</'), keep: true }
  if (r !== null && op === '*') return { histogram: scaled(r, left.float), keep: true }
  annotations.info(notes.incompatibleTypes(kindOf(left), op, kindOf(right)), offset)
  return null
}

/** Notes that a trim operator met two floats. */
export function refuseFloatTrim(op: string, annotations: Annotations, offset: number): void {
  annotations.info(notes.incompatibleTypes('float', op, 'float'), offset)
}

function kindOf(operand: Operand): string {
  return operand.histogram === null ? 'float' : 'histogram'
}

function bothHistograms(
  op: string,
  left: NativeHistogram,
  right: NativeHistogram,
  annotations: Annotations,
  offset: number,
): HistogramResult | null {
  if (op === '==') return { histogram: left, keep: equalHistograms(left, right) }
  if (op === '!=') return { histogram: left, keep: !equalHistograms(left, right) }
  if (op !== '+' && op !== '-') {
    annotations.info(notes.incompatibleTypes('histogram', op, 'histogram'), offset)
    return null
  }
  const name = op === '+' ? 'addition' : 'subtraction'
  const result = combined(left, right, op === '+' ? 1 : -1)
  if (result === null) {
    annotations.warn(notes.incompatibleBuckets(op), offset)
    return null
  }
  if (result.resetConflict) annotations.warn(notes.counterResetCollision(name), offset)
  if (result.boundsReconciled) annotations.info(notes.customBucketsReconciled(name), offset)
  const histogram: NativeHistogram = op === '-' ? { ...result.histogram, resetHint: 'gauge' } : result.histogram
  return { histogram, keep: true }
}
