/**
 * Severities in OpenTelemetry's numbers (1 to 24; opentelemetry.io/docs/specs/otel/logs/data-model): from the words of the usual loggers, and
 * from the numbers of syslog (0 to 7) and of pino and bunyan (10 to 60).
 */
import { Words } from '../../signals/index.ts'
import { textWithoutTerminalCodes } from './terminal-codes.ts'

const byWord: ReadonlyMap<string, number> = new Map([
  ['trace', 1],
  ['trc', 1],
  ['finest', 1],
  ['silly', 1],
  ['verbose', 1],
  ['trace2', 2],
  ['trace3', 3],
  ['trace4', 4],
  ['debug', 5],
  ['dbg', 5],
  ['dbug', 5],
  ['fine', 5],
  ['debug2', 6],
  ['debug3', 7],
  ['debug4', 8],
  ['info', 9],
  ['inf', 9],
  ['information', 9],
  ['informational', 9],
  ['log', 9],
  ['http', 9],
  ['default', 9],
  ['notice', 10],
  ['info2', 10],
  ['info3', 11],
  ['info4', 12],
  ['warn', 13],
  ['wrn', 13],
  ['warning', 13],
  ['warn2', 14],
  ['warn3', 15],
  ['warn4', 16],
  ['error', 17],
  ['err', 17],
  ['eror', 17],
  ['severe', 17],
  ['error2', 18],
  ['error3', 19],
  ['error4', 20],
  ['critical', 21],
  ['crit', 21],
  ['fatal', 21],
  ['ftl', 21],
  ['fatal2', 22],
  ['alert', 22],
  ['fatal3', 23],
  ['panic', 23],
  ['dpanic', 23],
  ['emergency', 24],
  ['emerg', 24],
  ['fatal4', 24],
  // One letter, as glog and logcat have them.
  ['t', 1],
  ['v', 1],
  ['d', 5],
  ['i', 9],
  ['n', 10],
  ['w', 13],
  ['e', 17],
  ['c', 21],
  ['f', 21],
])

const longestWord = 13
/** With the codes of its colours around it. */
const longestColoured = 60

/** 0 for a word that is no severity. */
export function severityOfText(text: string): number {
  return text.length > longestWord ? 0 : (byWord.get(text.toLowerCase()) ?? 0)
}

/** Of the letter that glog and klog begin a line with; 0 for others. */
export function severityOfLetter(byte: number): number {
  return byte === 0x49 ? 9 : byte === 0x57 ? 13 : byte === 0x45 ? 17 : byte === 0x46 ? 21 : 0
}

/** Of syslog's severities: emergency 0 to debug 7. */
export const severityOfSyslog: readonly number[] = [24, 22, 21, 17, 13, 10, 9, 5]

/** Numbers of syslog below 8, of pino and bunyan from 10; 0 for others. */
export function severityOfNumber(value: number): number {
  if (!Number.isInteger(value) || value < 0 || value > 100) return 0
  if (value < 8) return severityOfSyslog[value] ?? 0
  if (value < 10) return 0
  return value < 20 ? 1 : value < 30 ? 5 : value < 40 ? 9 : value < 50 ? 13 : value < 60 ? 17 : 21
}

/** The same of bytes, where most are seen again and again. */
export class SeverityMemo {
  #words = new Words()
  #known: number[] = [0]

  /** Of a word or a number in bytes; 0 for neither. */
  of(bytes: Uint8Array, start: number, end: number): number {
    if (end === start || (end - start > longestWord && bytes[start] !== 0x1b)) return 0
    if (end - start > longestColoured) return 0
    const word = this.#words.intern(bytes, start, end)
    if (word < this.#known.length) return this.#known[word]!
    const text = textWithoutTerminalCodes(this.#words.text(word))
    const severity = /^\d+$/.test(text) ? severityOfNumber(Number(text)) : severityOfText(text)
    this.#known.push(severity)
    if (this.#known.length > memoMax) {
      this.#words = new Words()
      this.#known = [0]
    }
    return severity
  }
}

const memoMax = 1000
