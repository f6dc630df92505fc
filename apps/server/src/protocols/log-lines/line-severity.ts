/**
 * The level of a line of plain text, by where it stands: what servers, runtimes and loggers write at its beginning. A word counts in capitals;
 * in brackets (`[error]`, `[core:error]`); before a colon (`error: …`); alone behind a time; between separators. In the middle of prose it is a
 * word like any other.
 */
import { isWord } from './json-text.ts'
import {
  afterTime,
  bracket,
  capitals,
  colon,
  levelOf,
  longestLevel,
  mayBeginLevel,
  notCaught,
  onlyCapitals,
  type Level,
} from './level-words.ts'
import { severityOfLetter, severityOfSyslog, severityOfText } from './severity.ts'

/** How far into a line its level is looked for, bytes. */
const headBytes = 96
/** Words of prose between a time and a level in brackets: a host and a program. */
const wordsBeforeBracketMax = 2
/** So many of them are prose, whatever follows. */
const prose = 4

const [severityOfError, severityOfFatal] = [17, 21]
const keys = ['level', 'lvl', 'severity']

const [letter, digit, blank, open, close, quote] = [1, 2, 3, 4, 5, 6]
const kinds = new Uint8Array(256)
for (let byte = 0; byte < 256; byte++) {
  const text = String.fromCharCode(byte)
  if (/[a-zA-Z]/.test(text)) kinds[byte] = letter
  else if (/\d/.test(text)) kinds[byte] = digit
}
for (const byte of ' \t\n\r') kinds[byte.charCodeAt(0)] = blank
for (const byte of '[<') kinds[byte.charCodeAt(0)] = open
for (const byte of ']>') kinds[byte.charCodeAt(0)] = close
for (const byte of '"\'`') kinds[byte.charCodeAt(0)] = quote
/** Alone between blanks they are no word: `10:00:00 - error - …`. */
const separators = new Uint8Array(256)
for (const byte of '|-+*#=(){}.') separators[byte.charCodeAt(0)] = 1

const [tab, newline, space, colonSign, equals, underscore, slash, dash, pipe] = [9, 10, 0x20, 0x3a, 0x3d, 0x5f, 0x2f, 0x2d, 0x7c]
const [firstCapital, lastCapital] = [0x41, 0x5a]
const capsWordMax = 4

/** Reads the heads of lines, one after the other. */
class LineHead {
  #bytes: Uint8Array = new Uint8Array(0)
  #start = 0
  #end = 0
  /** Words are read up to here: longer ones are no levels. */
  #wordsEnd = 0
  /** Words of prose since the beginning, a time, or a tag with its colon; `#wordsInside`: since the bracket that is open. */
  #words = 0
  #wordsInside = 0
  #bracketAt = -1
  #hasTime = false
  /** Nothing but times, numbers and brackets since a time. */
  #isBehindTime = false
  #tokenAt = 0
  /** The token has a letter at its beginning and no time in it. */
  #isWord = false
  #isWordOutside = false
  #fatalAt = -1

  severity(bytes: Uint8Array, start: number, end: number): number {
    this.#bytes = bytes
    this.#start = start
    this.#end = end
    this.#words = this.#wordsInside = 0
    this.#bracketAt = this.#fatalAt = -1
    this.#hasTime = this.#isBehindTime = this.#isWord = this.#isWordOutside = false
    this.#tokenAt = start
    const stop = Math.min(end, start + headBytes)
    const wordsEnd = (this.#wordsEnd = Math.min(end, stop + longestLevel + 1))
    for (let at = start; at < stop; at++) {
      const kind = kinds[bytes[at]!]!
      if (kind === letter) {
        if (at === this.#tokenAt) this.#isWord = true
        const mayBeLevel = mayBeginLevel(bytes[at]!, bytes[at + 1]!)
        let to = at + 1
        while (to < wordsEnd && kinds[bytes[to]!] === letter) to++
        const found = mayBeLevel ? this.#word(at, to) : 0
        if (found !== 0) return found
        at = to - 1
      } else if (kind !== digit) {
        const found = kind === 0 ? this.#sign(at) : this.#mark(at, kind)
        if (found !== 0) return found
        if (this.#words >= prose) return this.#inProse(at + 1, stop)
      }
    }
    return 0
  }

  /** Only capitals and `level=` count any more. */
  #inProse(start: number, stop: number): number {
    const bytes = this.#bytes
    for (let at = start; at < stop; at++) {
      const byte = bytes[at]!
      let found = 0
      if (byte === equals) found = this.#keyBefore(at)
      else if (byte >= firstCapital && byte <= lastCapital && kinds[bytes[at - 1]!] !== letter) {
        let to = at + 1
        while (to < this.#wordsEnd && kinds[bytes[to]!] === letter) to++
        if (to - at > 3) found = this.#word(at, to)
      }
      if (found !== 0) return found
    }
    return 0
  }

  /** The severity of a word, in its place; 0: it is none. */
  #word(at: number, to: number): number {
    const bytes = this.#bytes
    const level = to - at <= longestLevel ? levelOf(bytes, at, to) : null
    if (level === null) return this.#words === 0 && this.#bracketAt < 0 && this.#isNotCaught(at, to) ? severityOfError : 0
    const next = to < this.#end ? bytes[to]! : newline
    const before = at > this.#start ? bytes[at - 1]! : newline
    if (this.#hasPlace(level, at, to, before, next)) return this.#worst(level, at, before)
    if (this.#words === 0 && level.word === fatalWord) this.#fatalAt = at
    return 0
  }

  #hasPlace(level: Level, at: number, to: number, before: number, next: number): boolean {
    const isCapital = isCapitals(this.#bytes, at, to)
    if (isCapital && (level.places & capitals) !== 0) {
      const isPartOfName = before === underscore || before === slash || next === underscore || next === equals
      if (!isPartOfName && !(before === dash && next === dash && this.#words > 0)) return true
    }
    if (!isCapital && (level.places & onlyCapitals) !== 0) return false
    if (this.#bracketAt >= 0) return this.#fillsBracket(level, to, before)
    if (next === colonSign) return (level.places & colon) !== 0 && this.#startsText(at, to, before)
    if (!this.#hasTime) return false
    if (this.#isBehindTime && (level.places & afterTime) !== 0 && kinds[before] === blank && kinds[next] === blank) return true
    return (level.places & bracket) !== 0 && to - at > 1 && this.#isBetweenSeparators(at, to)
  }

  /** `[error]`, `[ error ]`, `[core:error]`, `[10:00:00 INF]`; in angles only behind a time. */
  #fillsBracket(level: Level, to: number, before: number): boolean {
    const bytes = this.#bytes
    const isAngle = bytes[this.#bracketAt] === 0x3c
    if ((level.places & bracket) === 0 || this.#wordsInside > 0 || (isAngle && !this.#hasTime)) return false
    if (this.#words > (this.#hasTime ? wordsBeforeBracketMax : 0)) return false
    if (kinds[before] !== open && kinds[before] !== blank && before !== colonSign) return false
    let at = to
    while (at < this.#end && bytes[at] === space) at++
    return at < this.#end && kinds[bytes[at]!] === close
  }

  /** `error: …` where the text of the line begins: behind the time, a tag, brackets. */
  #startsText(at: number, to: number, before: number): boolean {
    if (this.#bytes[to + 1] === slash) return false
    if (this.#fatalAt >= 0 && this.#words === 1 && kinds[before] === blank) return true
    const isApart = kinds[before] === blank || kinds[before] === close || before === colonSign || before === pipe || before === dash
    return this.#words === 0 && isApart && (at === this.#tokenAt || !this.#isWord)
  }

  /** `| error |`, `- error -`, or a tab to each side. */
  #isBetweenSeparators(at: number, to: number): boolean {
    const bytes = this.#bytes
    if (bytes[at - 1] === tab) return bytes[to] === tab
    const sign = bytes[at - 2]
    if (bytes[at - 1] !== space || (sign !== pipe && sign !== dash)) return false
    let behind = to
    while (behind < this.#end && bytes[behind] === space) behind++
    return behind > to && bytes[behind] === sign
  }

  /** `fatal error: …` is what its first word says. */
  #worst(level: Level, at: number, before: number): number {
    return this.#fatalAt >= 0 && kinds[before] === blank && at - this.#fatalAt === fatalWord.length + 1 ? severityOfFatal : level.severity
  }

  /** `Exception in thread`, `Unhandled exception`, `Traceback (most recent call`, Rust's `thread 'main' panicked`. */
  #isNotCaught(at: number, to: number): boolean {
    const bytes = this.#bytes
    for (const [word, rest] of notCaught)
      if (isWord(bytes, at, to, word) && to + rest.length <= this.#end && isWord(bytes, to, to + rest.length, rest)) return true
    return false
  }

  /** `TypeError: …` and `java.lang.IllegalStateException` where the text begins; `to`: behind the word. */
  #isThrown(to: number): boolean {
    if (this.#words > 0 || this.#bracketAt >= 0 || !this.#isWord) return false
    const bytes = this.#bytes
    const at = this.#tokenAt
    return endsWith(bytes, at, to, 'Error') || endsWith(bytes, at, to, 'Exception')
  }

  /** The value of `level=`, where it is that before the sign. */
  #keyBefore(at: number): number {
    const bytes = this.#bytes
    for (const key of keys) {
      const from = at - key.length
      const isKey = from >= this.#start && isWord(bytes, from, at, key) && (from === this.#start || kinds[bytes[from - 1]!] !== letter)
      if (isKey) return valueAt(bytes, at + 1, this.#end)
    }
    return 0
  }

  #sign(at: number): number {
    const bytes = this.#bytes
    const byte = bytes[at]
    if (byte === equals) return this.#keyBefore(at)
    if (byte === colonSign && at > this.#start) {
      const next = at + 1 < this.#end ? kinds[bytes[at + 1]!]! : blank
      if (next === digit && kinds[bytes[at - 1]!] === digit) {
        this.#hasTime = this.#isBehindTime = true
        this.#words = 0
        this.#isWord = false
      } else if (next === blank && this.#isThrown(at)) return severityOfError
    } else if (at === this.#tokenAt && separators[byte!] === 0) this.#isWord = true
    return 0
  }

  #mark(at: number, kind: number): number {
    if (kind === blank) {
      const isLineEnd = this.#bytes[at] === newline
      if (isLineEnd && this.#isThrown(at)) return severityOfError
      if (at > this.#tokenAt) this.#endToken(at)
      if (isLineEnd) this.#words = 0
      this.#tokenAt = at + 1
    } else if (kind === open) {
      this.#isWordOutside = this.#isWord
      this.#isWord = false
      this.#tokenAt = at + 1
      this.#bracketAt = at
      this.#wordsInside = 0
    } else if (kind === close) {
      // `app[12]:` is a word, `[main][error]` is none.
      this.#isWord = this.#bracketAt >= 0 ? this.#isWordOutside : this.#isWord
      this.#bracketAt = -1
      this.#tokenAt = at + 1
    } else if (this.#bracketAt < 0) {
      // What is quoted is no head.
      this.#words = prose
    }
    return 0
  }

  #endToken(at: number): void {
    const isWord = this.#isWord
    this.#isWord = false
    if (this.#bracketAt >= 0) {
      if (isWord) this.#wordsInside++
      return
    }
    const last = this.#bytes[at - 1]
    if (last === colonSign || last === pipe) {
      this.#words = 0
      if (isWord) this.#isBehindTime = false
    } else if (isWord && !this.#isAside(at)) {
      this.#words++
      this.#isBehindTime = false
    }
  }

  /** `UTC`, `AM`, `PHP`; `Uncaught` before what was not caught. */
  #isAside(to: number): boolean {
    const at = this.#tokenAt
    return (to - at <= capsWordMax && isCapitals(this.#bytes, at, to)) || isWord(this.#bytes, at, to, 'Uncaught')
  }
}

const fatalWord = 'fatal'
const head = new LineHead()

/** Of the line in `bytes[start, end)`, 1 to 24; 0: it says none. */
export function severityOfLine(bytes: Uint8Array, start: number, end: number): number {
  if (start === end) return 0
  const first = bytes[start]!
  if (first === 0x3c || (first >= 0x30 && first <= 0x39) || (first >= 0x45 && first <= 0x57)) {
    const found = severityOfStart(bytes, start, end)
    if (found !== 0) return found
  }
  return head.severity(bytes, start, end)
}

/** What only stands at the very beginning: `<3>`, `E1122 10:00:00`, Redis' `1:M 22 Nov 2026 10:00:00.123 #`. */
function severityOfStart(bytes: Uint8Array, start: number, end: number): number {
  let at = start + 1
  if (bytes[start] === 0x3c) {
    let priority = 0
    for (; at < end && at <= start + 3 && kinds[bytes[at]!] === digit; at++) priority = priority * 10 + bytes[at]! - 0x30
    return at > start + 1 && bytes[at] === 0x3e && priority <= 191 ? (severityOfSyslog[priority & 7] ?? 0) : 0
  }
  while (at < end && kinds[bytes[at]!] === digit) at++
  if (kinds[bytes[start]!] === letter) {
    const digits = at - start - 1
    const isTimed = (digits === 4 || digits === 8) && bytes[at] === space && bytes[at + 3] === colonSign && at + 3 < end
    return isTimed ? severityOfLetter(bytes[start]!) : 0
  }
  return bytes[at] === colonSign && bytes[at + 2] === space ? severityOfRedis(bytes, at + 1, end) : 0
}

const redisRoles = 'MSCX'
const redisSigns: Readonly<Record<string, number>> = { '#': 13, '*': 10, '-': 5, '.': 1 }
/** Role, day, month, year, time: behind that many blanks is the sign. */
const redisBlanks = 5
const redisHeadBytes = 40

function severityOfRedis(bytes: Uint8Array, roleAt: number, end: number): number {
  if (!redisRoles.includes(String.fromCharCode(bytes[roleAt]!))) return 0
  let blanks = 0
  const stop = Math.min(end - 2, roleAt + redisHeadBytes)
  for (let at = roleAt + 1; at < stop; at++) {
    if (bytes[at] !== space || ++blanks < redisBlanks) continue
    return bytes[at + 2] === space ? (redisSigns[String.fromCharCode(bytes[at + 1]!)] ?? 0) : 0
  }
  return 0
}

function endsWith(bytes: Uint8Array, at: number, to: number, word: string): boolean {
  return to - at >= word.length && isWord(bytes, to - word.length, to, word)
}

function isCapitals(bytes: Uint8Array, at: number, to: number): boolean {
  for (let i = at; i < to; i++) if (bytes[i]! < 0x41 || bytes[i]! > 0x5a) return false
  return true
}

/** The word behind `level=`, quoted or not. */
function valueAt(bytes: Uint8Array, start: number, end: number): number {
  const from = bytes[start] === 0x22 ? start + 1 : start
  let to = from
  while (to < end && to - from <= longestLevel + 2 && kinds[bytes[to]!] === letter) to++
  return to === from ? 0 : severityOfText(String.fromCharCode(...bytes.subarray(from, to)))
}
