/** Words that are levels in plain lines, each with the places where it is one; found by their first two letters, by which most words are none. */

// Where a word is a level.
export const capitals = 1
export const bracket = 2
export const colon = 4
export const afterTime = 8
const anywhere = capitals | bracket | colon | afterTime
/** In those places only when it is written in capitals. */
export const onlyCapitals = 16

export interface Level {
  readonly word: string
  readonly severity: number
  readonly places: number
}

const levels: readonly (readonly [word: string, severity: number, places: number])[] = [
  ['fatal', 21, anywhere],
  ['critical', 21, anywhere],
  ['crit', 21, bracket | colon | afterTime],
  ['error', 17, anywhere],
  ['err', 17, bracket | colon | afterTime],
  ['severe', 17, anywhere],
  ['fail', 17, bracket | colon],
  ['failed', 17, bracket],
  ['warning', 13, anywhere],
  ['warn', 13, anywhere],
  ['wrn', 13, bracket | colon | afterTime | onlyCapitals],
  ['notice', 10, capitals | bracket | colon],
  ['note', 10, bracket],
  ['info', 9, anywhere],
  ['inf', 9, bracket | colon | afterTime | onlyCapitals],
  ['information', 9, bracket | colon],
  ['log', 9, colon | onlyCapitals],
  ['debug', 5, anywhere],
  ['dbg', 5, bracket | colon | afterTime],
  ['dbug', 5, colon],
  ['config', 6, colon | onlyCapitals],
  ['fine', 5, colon | afterTime | onlyCapitals],
  ['finer', 5, colon | afterTime | onlyCapitals],
  ['finest', 1, colon | afterTime | onlyCapitals],
  ['trace', 1, capitals | bracket | colon],
  ['trce', 1, colon],
  ['trc', 1, bracket | colon | afterTime | onlyCapitals],
  ['verbose', 1, bracket | colon],
  ['vrb', 1, bracket | colon | afterTime | onlyCapitals],
  ['panic', 23, capitals | bracket | colon],
  ['alert', 22, bracket | colon],
  ['emerg', 24, bracket | colon],
  ['emergency', 24, bracket | colon],
  ['e', 17, bracket | onlyCapitals],
  ['w', 13, bracket | onlyCapitals],
  ['i', 9, bracket | onlyCapitals],
  ['d', 5, bracket | onlyCapitals],
]
export const longestLevel = 11

/** What is written about an exception that nobody caught, and what follows the word. */
export const notCaught: readonly (readonly [word: string, rest: string])[] = [
  ['Traceback', ' (most recent call'],
  ['Exception', ' in thread'],
  ['Unhandled', ' exception'],
  ['Unhandled', ' Exception'],
  ['thread', " 'main' panicked at "],
  ['thread', " 'tokio-runtime-worker' panicked at "],
]

/** Levels by the first two letters of their word. */
const beginnings = new Uint8Array(1024)
const byBeginning: Level[][] = [[]]
for (const [word, severity, places] of levels) {
  const beginning = beginningOf(word.charCodeAt(0), word.length === 1 ? 0 : word.charCodeAt(1))
  if (beginnings[beginning] === 0) beginnings[beginning] = byBeginning.push([]) - 1
  byBeginning[beginnings[beginning]!]?.push({ word, severity, places })
}
for (const [word] of notCaught) {
  const beginning = beginningOf(word.charCodeAt(0), word.charCodeAt(1))
  if (beginnings[beginning] === 0) beginnings[beginning] = byBeginning.push([]) - 1
}

/** Of a letter and what follows it: 0 for what is no letter. */
function beginningOf(first: number, second: number): number {
  const low = second | 0x20
  return ((first & 31) << 5) | (low >= 0x61 && low <= 0x7a ? second & 31 : 0)
}

/** Whether any of the words here begins with these two bytes, the first a letter. */
export function mayBeginLevel(first: number, second: number): boolean {
  return beginnings[beginningOf(first, second)] !== 0
}

/** Null: the word in `bytes[at, to)`, of letters, is no level. */
export function levelOf(bytes: Uint8Array, at: number, to: number): Level | null {
  const candidates = byBeginning[beginnings[beginningOf(bytes[at]!, to - at === 1 ? 0 : bytes[at + 1]!)]!]!
  for (const level of candidates) if (isLevel(bytes, at, to, level.word)) return level
  return null
}

function isLevel(bytes: Uint8Array, at: number, to: number, word: string): boolean {
  if (word.length !== to - at) return false
  for (let i = 0; i < word.length; i++) if ((bytes[at + i]! | 0x20) !== word.charCodeAt(i)) return false
  return true
}
