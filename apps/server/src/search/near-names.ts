/**
 * What was meant by a name that is nearly right. Names come from whoever sends rows and searches from whoever writes one, both in numbers:
 * all comparing is done within a budget, and nothing is compared that cannot be near.
 */

/** Work that comparing may still do: cells of the tables of edit distances, each some nanoseconds. */
export interface CellBudget {
  left: number
}

/** How far two names may be apart to be compared to the end, and what comparing may cost. */
export interface Comparing {
  readonly most: number
  readonly budget: CellBudget
}

/** Of one request: some milliseconds. */
export const comparedCellsMax = 1_000_000

/** Longer names of attributes are not looked up, and of what there is, those that are longer by far are meant by no name. */
export const nearNameLengthMax = 60
const candidateLengthMax = 2 * nearNameLengthMax

const nearNamesMax = 3
/** Shorter names are near to too many. */
const nearLengthMin = 3

/** A name that may be meant, made ready for many comparisons. */
export interface FoldedName {
  readonly name: string
  readonly lower: string
  /** Without what stands between words. */
  readonly letters: string
}

/** Those that may be meant at all; once for all names that are looked up. */
export function foldNames(names: readonly string[]): FoldedName[] {
  return names.filter((name) => name.length <= candidateLengthMax).map(folded)
}

function folded(name: string): FoldedName {
  const lower = name.toLowerCase()
  return { name, lower, letters: lower.replaceAll(/[._\-\s]/g, '') }
}

function mostWrong(name: string): number {
  return name.length > 5 ? 2 : 1
}

/**
 * How many single characters must be changed, put in, taken out or swapped with their neighbour to make one of the other; `most + 1` where it
 * is more than `most`, or the budget does not reach. Only cells within `most` of the diagonal can lead to an answer, and none once a whole
 * row is above it: a swap comes from two rows before, whose cell is at most one less than one of the row between.
 */
export function editDistance(a: string, b: string, { most, budget }: Comparing): number {
  const far = most + 1
  if (budget.left <= 0 || Math.abs(a.length - b.length) > most) return far
  const width = b.length + 2
  let beforeLast = new Uint16Array(width).fill(far)
  let before = Uint16Array.from({ length: width }, (_, j) => Math.min(j, far))
  let row = new Uint16Array(width).fill(far)
  for (let i = 1; i <= a.length; i++) {
    const [from, to] = [Math.max(1, i - most), Math.min(b.length, i + most)]
    budget.left -= to - from + 1
    if (budget.left < 0) return far
    row[from - 1] = from === 1 ? Math.min(i, far) : far
    row[to + 1] = far
    let least = row[from - 1] ?? far
    for (let j = from; j <= to; j++) {
      const isSame = a.charCodeAt(i - 1) === b.charCodeAt(j - 1)
      let cell = Math.min((before[j] ?? far) + 1, (row[j - 1] ?? far) + 1, (before[j - 1] ?? far) + (isSame ? 0 : 1))
      const isSwapped = i > 1 && j > 1 && a.charCodeAt(i - 1) === b.charCodeAt(j - 2) && a.charCodeAt(i - 2) === b.charCodeAt(j - 1)
      if (isSwapped) cell = Math.min(cell, (beforeLast[j - 2] ?? far) + 1)
      row[j] = cell
      if (cell < least) least = cell
    }
    if (least > most) return far
    ;[beforeLast, before, row] = [before, row, beforeLast]
  }
  return Math.min(before[b.length] ?? far, far)
}

/** The one of a catalogue's `names` that was probably meant, null when none is near. */
export function nearest(name: string, names: readonly string[]): string | null {
  const most = mostWrong(name)
  const lower = name.toLowerCase()
  const comparing: Comparing = { most, budget: { left: comparedCellsMax } }
  let best: string | null = null
  let least = most + 1
  for (const one of names) {
    const distance = editDistance(lower, one.toLowerCase(), comparing)
    if (distance < least) {
      least = distance
      best = one
    }
  }
  return best
}

/**
 * Those of `candidates` that were probably meant, the nearest first: the same but for case and signs between words (`http_route` for
 * `http.route`), a few letters wrong, or the last word of a longer name (`route`). Once the budget is used up no wrong letters are forgiven.
 */
export function nearNames(name: string, candidates: readonly FoldedName[], budget: CellBudget): string[] {
  if (name.length < nearLengthMin || name.length > nearNameLengthMax) return []
  const { lower, letters } = folded(name)
  const most = mostWrong(name)
  const comparing: Comparing = { most, budget }
  const found = new Map<string, number>()
  for (const other of candidates) {
    const distance = other.letters === letters ? 0 : editDistance(lower, other.lower, comparing)
    if (distance <= most) found.set(other.name, distance)
    else if (other.lower.endsWith(`.${lower}`) || other.lower.endsWith(`_${lower}`)) found.set(other.name, most + 1)
  }
  return [...found]
    .sort(([a, near], [b, far]) => near - far || (a < b ? -1 : 1))
    .slice(0, nearNamesMax)
    .map(([one]) => one)
}
