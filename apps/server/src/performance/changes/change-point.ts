/**
 * Where a series last changed its level for good, and how sure that is. Own procedure, in four steps:
 *
 * 1. Candidates: the largest two-sided CUSUM of normal scores over all places, then again in what follows it, until nothing is left. Ranks
 *    make it deaf to heavy tails.
 * 2. Significance: the same largest CUSUM of the series with its blocks in random order, `permutations` times. Blocks are as long as the
 *    series remembers itself, so that noise that wanders is no change. The tail beyond what permutations can say is that of the extreme
 *    value distribution with their mean and spread.
 * 3. Guards, each against something that is significant and yet not a regression: too small an effect; a level that windows of the same
 *    length had before (bursts, nightly jobs); a burst that is over; a slope that no step explains better than a line.
 * 4. Whoever asks about many series compares the probability with `significant` (Benjamini and Hochberg 1995).
 *
 * Same input, same answer: the permutations are those of a fixed seed.
 */
import { medianOf, normalQuantile, normalScores, spreadOf } from './ranks.ts'

export interface ChangeSettings {
  /** Points before and after a change at least. */
  readonly beforeMin: number
  readonly afterMin: number
  /** Least change of the median, on the scale of the values. */
  readonly shiftMin: number
  /** Least change of the median, in robust standard deviations of what is around it. */
  readonly noiseFactorMin: number
  /** Largest probability that noise alone looks so, before several series are taken into account. */
  readonly probabilityMax: number
}

export interface Change {
  /** First index of the new level. */
  readonly index: number
  /** Medians on the scale of the values. */
  readonly before: number
  readonly after: number
  /** Where the compared time before begins. */
  readonly beforeFrom: number
  /** Probability that noise alone has such a change anywhere in the series. */
  readonly probability: number
}

const permutations = 99
/** What two of so many permutations reach is noise. */
const earlyRounds = 40
/** Levels that a series may have within one search. */
const segmentsMax = 5
/** A step must explain a window this much better than a line does. */
const stepOverSlope = 0.97
/** Share of the change between the points just before and just after it. */
const jumpShareMin = 0.5

/**
 * The change that the end of `values` still shows, up or down; null: none that is sure. `values` have no gaps and effects on them add up
 * (logarithms of durations, say). O(n log n + permutations · n).
 */
export function latestChange(values: Float64Array, settings: ChangeSettings): Change | null {
  let start = 0
  let found: { index: number; start: number; probability: number } | null = null
  for (let level = 0; level < segmentsMax; level++) {
    const next = strongest(values.subarray(start), settings)
    if (next === null) break
    found = { index: start + next.index, start, probability: next.probability }
    start += next.index
  }
  if (found === null) return null
  const { index, start: beforeFrom, probability } = found
  const before = medianOf(values, beforeFrom, index)
  const after = medianOf(values, index)
  const isLasting = guards(values, { index, beforeFrom, before, after }, settings)
  return isLasting ? { index, before, after, beforeFrom, probability } : null
}

/**
 * Which of many series changed, so that of those named at most a share `rate` is wrong: Benjamini and Hochberg, "Controlling the false
 * discovery rate", 1995. `tests` counts those without a candidate too.
 */
export function significant<Item extends { readonly probability: number }>(items: readonly Item[], tests: number, rate: number): Item[] {
  const sorted = [...items].sort((a, b) => a.probability - b.probability)
  let last = -1
  for (const [i, { probability }] of sorted.entries()) if (probability <= ((i + 1) / Math.max(tests, sorted.length)) * rate) last = i
  return sorted.slice(0, last + 1)
}

/** The strongest change that is not noise; null: none. */
function strongest(values: Float64Array, settings: ChangeSettings): { index: number; probability: number } | null {
  const { beforeMin, afterMin, probabilityMax } = settings
  if (values.length < beforeMin + afterMin) return null
  const scores = normalScores(values)
  const best = largestCusum(scores, momentsOf(scores), settings)
  // Permutations cost; what independent noise does more often than that, noise that remembers does all the more. Ten: a low guess of how many
  // places of a series are independent of each other.
  if (best.size < normalQuantile(1 - probabilityMax / (2 * 10))) return null
  const shift = Math.abs(medianOf(values, best.index) - medianOf(values, 0, best.index))
  if (shift < settings.shiftMin / 2) return null
  const probability = probabilityOf(scores, best, settings)
  return probability <= probabilityMax ? { index: refined(values, best.index, settings), probability } : null
}

/** Ranks place a change a little outside of it; the place nearby where two levels fit best, by absolute distances. */
function refined(values: Float64Array, index: number, { beforeMin, afterMin }: ChangeSettings): number {
  const reach = Math.max(afterMin, Math.floor(Math.min(index, values.length - index) / 2))
  const from = Math.max(beforeMin, index - reach)
  const to = Math.min(values.length - afterMin, index + reach)
  const before = medianOf(values, 0, Math.max(1, from))
  const after = medianOf(values, Math.min(values.length - 1, to))
  let [best, least, sum] = [index, Number.POSITIVE_INFINITY, 0]
  for (let i = from; i <= to; i++) {
    if (sum < least) {
      least = sum
      best = i
    }
    sum += Math.abs(values[i]! - before) - Math.abs(values[i]! - after)
  }
  return best
}

interface Candidate {
  readonly index: number
  readonly size: number
}

/** Place and size of the largest difference of means, |mean after − mean before| · √(b·a/n) / σ. `sum` and `sigma` are those of the scores. */
function largestCusum(scores: Float64Array, { sum, sigma }: Moments, { beforeMin, afterMin }: ChangeSettings): Candidate {
  const n = scores.length
  let left = 0
  let index = beforeMin
  let largest = 0
  for (let i = 0; i < beforeMin - 1; i++) left += scores[i]!
  for (let before = beforeMin; before <= n - afterMin; before++) {
    left += scores[before - 1]!
    // Squares have the same order and need no root: (after mean − before mean)² · b·a/n, with both means over one sum.
    const distance = left * n - sum * before
    const size = (distance * distance) / (before * (n - before))
    if (size > largest) {
      largest = size
      index = before
    }
  }
  return { index, size: sigma === 0 ? 0 : Math.sqrt(largest / n) / sigma }
}

interface Moments {
  readonly sum: number
  readonly sigma: number
}

function momentsOf(scores: Float64Array): Moments {
  let sum = 0
  let squares = 0
  for (const score of scores) {
    sum += score
    squares += score * score
  }
  const n = scores.length
  return { sum, sigma: Math.sqrt(Math.max(0, squares / n - (sum / n) ** 2)) }
}

/** Probability of a cusum as large in a series of the same blocks in any order. */
function probabilityOf(scores: Float64Array, { index, size }: Candidate, settings: ChangeSettings): number {
  const n = scores.length
  const moments = momentsOf(scores)
  const block = memoryOf(scores, index)
  const blocks = Math.ceil(n / block)
  const order = Uint32Array.from({ length: blocks }, (_, i) => i)
  const shuffled = new Float64Array(n)
  const random = randomOf(n)
  let sum = 0
  let squares = 0
  let asLarge = 0
  for (let round = 0; round < permutations; round++) {
    shuffle(order, random)
    let at = 0
    for (let i = 0; i < blocks; i++) {
      const from = order[i]! * block
      const to = Math.min(from + block, n)
      shuffled.set(scores.subarray(from, to), at)
      at += to - from
    }
    const { size: other } = largestCusum(shuffled, moments, settings)
    if (other >= size) asLarge++
    // Plain noise shows early.
    if (asLarge > 1 && round < earlyRounds) return (asLarge + 1) / (round + 2)
    sum += other
    squares += other * other
  }
  if (asLarge > 1) return (asLarge + 1) / (permutations + 1)
  // Maxima of what is nearly independent follow a Gumbel distribution; its parameters by moments.
  const mean = sum / permutations
  const scale = (Math.sqrt(Math.max(1e-12, squares / permutations - mean * mean)) * Math.sqrt(6)) / Math.PI
  const exponent = (size - (mean - 0.57722 * scale)) / scale
  return -Math.expm1(-Math.exp(-exponent))
}

/** How many steps the series remembers, apart from its change: twice the first lag whose autocorrelation is small, at most an eighth of it. */
function memoryOf(scores: Float64Array, index: number): number {
  const n = scores.length
  const residuals = new Float64Array(n)
  const before = meanOf(scores, 0, index)
  const after = meanOf(scores, index, n)
  let variance = 0
  for (let i = 0; i < n; i++) {
    residuals[i] = scores[i]! - (i < index ? before : after)
    variance += residuals[i]! * residuals[i]!
  }
  const longest = Math.max(1, Math.floor(n / 16))
  const small = Math.max(0.15, 2 / Math.sqrt(n))
  for (let lag = 1; lag <= longest; lag++) {
    let product = 0
    for (let i = lag; i < n; i++) product += residuals[i]! * residuals[i - lag]!
    if (product < small * variance) return lag === 1 ? 1 : 2 * lag
  }
  return 2 * longest
}

interface Levels {
  readonly index: number
  readonly beforeFrom: number
  readonly before: number
  readonly after: number
}

/** Is the change large enough, unheard of, lasting and a step? */
function guards(values: Float64Array, { index, beforeFrom, before, after }: Levels, settings: ChangeSettings): boolean {
  const shift = after - before
  if (Math.abs(shift) < settings.shiftMin) return false
  const noise = Math.max(spreadOf(values.slice(beforeFrom, index), before), spreadOf(values.slice(index), after))
  if (Math.abs(shift) < settings.noiseFactorMin * noise) return false
  const sign = Math.sign(shift)
  const middle = before + shift / 2
  const length = values.length - index
  // The newest points show it too, and so does each third of what follows it.
  for (let part = 0; part < 3; part++) {
    const from = index + Math.floor((length * part) / 3)
    const to = index + Math.floor((length * (part + 1)) / 3)
    if (to > from && (medianOf(values, from, to) - middle) * sign < 0) return false
  }
  if ((medianOf(values, values.length - Math.min(length, settings.afterMin)) - middle) * sign < 0) return false
  return !wasThereBefore(values, { index, beforeFrom, before, after }) && isStep(values, { index, beforeFrom, before, after }, settings)
}

/** Did windows before, as long as what follows, come near the new level? */
function wasThereBefore(values: Float64Array, { index, beforeFrom, before, after }: Levels): boolean {
  const span = index - beforeFrom
  const length = Math.max(3, Math.min(values.length - index, Math.floor(span / 3)))
  const sign = Math.sign(after - before)
  const near = before + (after - before) * 0.6
  for (let from = beforeFrom; from + length <= index; from += Math.max(1, Math.floor(length / 4))) {
    if ((medianOf(values, from, from + length) - near) * sign > 0) return true
  }
  return false
}

/** Most of the change is right there; and two levels explain what is around it better than a line through the middles of both halves. */
function isStep(values: Float64Array, { index, beforeFrom, before, after }: Levels, { afterMin }: ChangeSettings): boolean {
  const near = Math.max(6, afterMin)
  const jump = medianOf(values, index, Math.min(values.length, index + near)) - medianOf(values, Math.max(beforeFrom, index - near), index)
  if (jump / (after - before) < jumpShareMin) return false
  // Around the change, evenly: a long quiet time before would hide a slope after it.
  const reach = Math.max(6, Math.min(index - beforeFrom, values.length - index))
  const from = Math.max(beforeFrom, index - reach)
  const to = Math.min(values.length, index + reach)
  const middle = Math.floor((from + to) / 2)
  const low = medianOf(values, from, middle)
  const slope = (medianOf(values, middle, to) - low) / ((to - from) / 2)
  const center = (from + middle - 1) / 2
  let step = 0
  let line = 0
  for (let i = from; i < to; i++) {
    step += Math.abs(values[i]! - (i < index ? before : after))
    line += Math.abs(values[i]! - (low + slope * (i - center)))
  }
  return step <= line * stepOverSlope
}

function meanOf(values: Float64Array, from: number, to: number): number {
  let sum = 0
  for (let i = from; i < to; i++) sum += values[i]!
  return to > from ? sum / (to - from) : 0
}

function shuffle(order: Uint32Array, random: () => number): void {
  for (let i = order.length - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1))
    const kept = order[i]!
    order[i] = order[other]!
    order[other] = kept
  }
}

/** A small generator (a 32-bit linear congruence with an output mix), good enough to shuffle blocks; 0 to 1. */
function randomOf(seed: number): () => number {
  let state = (seed ^ 0x9e3779b9) >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    let mixed = state ^ (state >>> 16)
    mixed = Math.imul(mixed, 0x45d9f3b)
    mixed ^= mixed >>> 15
    return (mixed >>> 0) / 4294967296
  }
}
