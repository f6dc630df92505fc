/** Sets of code points as sorted, disjoint ranges: `[low, high, low, high, ...]`, both inclusive. */

export type CharSet = readonly number[]

const highest = 0x10ffff

export const anyChar: CharSet = [0, highest]
export const anyButNewline: CharSet = [0, 9, 11, highest]
export const digits: CharSet = [0x30, 0x39]
export const wordChars: CharSet = [0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a]
export const spaces: CharSet = [9, 10, 12, 13, 32, 32]

/** POSIX classes as RE2 has them (ASCII only). */
export const posixSets: ReadonlyMap<string, CharSet> = new Map<string, CharSet>([
  ['alnum', [0x30, 0x39, 0x41, 0x5a, 0x61, 0x7a]],
  ['alpha', [0x41, 0x5a, 0x61, 0x7a]],
  ['ascii', [0, 0x7f]],
  ['blank', [9, 9, 32, 32]],
  ['cntrl', [0, 0x1f, 0x7f, 0x7f]],
  ['digit', digits],
  ['graph', [0x21, 0x7e]],
  ['lower', [0x61, 0x7a]],
  ['print', [0x20, 0x7e]],
  ['punct', [0x21, 0x2f, 0x3a, 0x40, 0x5b, 0x60, 0x7b, 0x7e]],
  ['space', [9, 13, 32, 32]],
  ['upper', [0x41, 0x5a]],
  ['word', wordChars],
  ['xdigit', [0x30, 0x39, 0x41, 0x46, 0x61, 0x66]],
])

/** Sorts and merges ranges given in any order. */
export function normalizeSet(ranges: readonly number[]): CharSet {
  const pairs: [number, number][] = []
  for (let i = 0; i + 1 < ranges.length; i += 2) pairs.push([ranges[i] ?? 0, ranges[i + 1] ?? 0])
  pairs.sort((a, b) => a[0] - b[0])
  const out: number[] = []
  for (const [low, high] of pairs) {
    const last = out.length - 1
    if (last > 0 && low <= (out[last] ?? 0) + 1) out[last] = Math.max(out[last] ?? 0, high)
    else out.push(low, high)
  }
  return out
}

export function negateSet(set: CharSet): CharSet {
  const out: number[] = []
  let next = 0
  for (let i = 0; i + 1 < set.length; i += 2) {
    const low = set[i] ?? 0
    if (low > next) out.push(next, low - 1)
    next = (set[i + 1] ?? 0) + 1
  }
  if (next <= highest) out.push(next, highest)
  return out
}

function addCase(out: number[], text: string): void {
  const code = text.codePointAt(0)
  if (code !== undefined && text.length === String.fromCodePoint(code).length) out.push(code, code)
}

/** The set with the other case of its letters. Ranges over 4,096 wide are folded in their ASCII part only. */
export function foldSet(set: CharSet): CharSet {
  const out: number[] = [...set]
  for (let i = 0; i + 1 < set.length; i += 2) {
    const low = set[i] ?? 0
    const high = set[i + 1] ?? 0
    const last = high - low > 4096 ? Math.min(high, 0x7f) : high
    for (let code = low; code <= last; code++) {
      const text = String.fromCodePoint(code)
      addCase(out, text.toLowerCase())
      addCase(out, text.toUpperCase())
    }
  }
  return normalizeSet(out)
}

export function setHas(set: CharSet, code: number): boolean {
  let low = 0
  let high = set.length >> 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((set[middle * 2 + 1] ?? 0) < code) low = middle + 1
    else high = middle
  }
  return low * 2 < set.length && (set[low * 2] ?? 0) <= code
}

/** Bounded by the number of names Unicode has. */
const unicodeSets = new Map<string, CharSet>()

/** `\p{Name}` by asking the JavaScript engine about every code point once (about 50 ms a name); null for an unknown name. */
export function unicodeSet(name: string): CharSet | null {
  const known = unicodeSets.get(name)
  if (known !== undefined) return known
  const set = buildUnicodeSet(name)
  if (set !== null) unicodeSets.set(name, set)
  return set
}

function buildUnicodeSet(name: string): CharSet | null {
  let test: RegExp
  try {
    test = new RegExp(`^\\p{${name}}$`, 'u')
  } catch {
    try {
      test = new RegExp(`^\\p{Script=${name}}$`, 'u')
    } catch {
      return null
    }
  }
  const out: number[] = []
  for (let code = 0; code <= highest; code++) {
    if (code >= 0xd800 && code <= 0xdfff) continue
    if (!test.test(String.fromCodePoint(code))) continue
    const last = out.length - 1
    if (last > 0 && out[last] === code - 1) out[last] = code
    else out.push(code, code)
  }
  return out
}
