/**
 * One message of syslog to a log record: RFC 5424 (with structured data) and the older form of RFC 3164. What has neither form is a line
 * of text. Nothing is refused here: a sender of syslog learns of no refusal.
 */
import type { LineWriter } from '../log-lines/line-writer.ts'
import { severityOfSyslog } from '../log-lines/severity.ts'
import { readIsoTime, timeRead } from '../log-lines/times.ts'

const facilities = [
  'kern',
  'user',
  'mail',
  'daemon',
  'auth',
  'syslog',
  'lpr',
  'news',
  'uucp',
  'cron',
  'authpriv',
  'ftp',
  'ntp',
  'audit',
  'alert',
  'clock',
  'local0',
  'local1',
  'local2',
  'local3',
  'local4',
  'local5',
  'local6',
  'local7',
]
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const blank = 0x20
const decoder = new TextDecoder()

/** A project's key in the structured data of a message: `[bellwether@32473 key="…"]`. Null: there is none. */
export function keyOf(message: Uint8Array): string | null {
  const head = Buffer.from(message.buffer, message.byteOffset, Math.min(message.byteLength, 2048)).toString('latin1')
  return /\[bellwether(?:@[\d.]+)? (?:[^\]"]*(?:"[^"]*" )?)?key="([0-9a-fA-F]{32})"/.exec(head)?.[1] ?? null
}

export interface MessageContext {
  /** For times without a year. */
  readonly nowMs: number
  /** Of the sender, where the message names no host; '' when it is not known. */
  readonly address: string
}

export class SyslogReader {
  readonly #lines: LineWriter
  #bytes: Uint8Array = new Uint8Array(0)
  #at = 0

  constructor(lines: LineWriter) {
    this.#lines = lines
  }

  /** Makes a row of the message. Errors: `body.too_many_rows`. */
  read(message: Uint8Array, context: MessageContext): void {
    const lines = this.#lines
    const { row } = lines
    this.#bytes = message
    this.#at = 0
    lines.open()
    const priority = this.#priority()
    if (priority >= 0) {
      row.severity = severityOfSyslog[priority & 7] ?? 0
      row.attributeText('syslog.facility', facilities[priority >> 3] ?? String(priority >> 3))
      if (this.#isVersion1()) this.#header()
      else this.#oldHeader(context)
    }
    if (row.host === 0 && context.address !== '') this.#takeText('host', context.address)
    let start = this.#at
    // A byte order mark says that UTF-8 follows.
    if (message[start] === 0xef && message[start + 1] === 0xbb && message[start + 2] === 0xbf) start += 3
    const severity = row.severity
    lines.line(message, start, message.length)
    // The header knows better than words in the text, but not than a level that the line gives as a field.
    if (priority >= 0 && row.severity === 0) row.severity = severity
    row.close()
  }

  /** -1 when there is none, and then nothing was read. */
  #priority(): number {
    const bytes = this.#bytes
    if (bytes[0] !== 0x3c) return -1
    let value = 0
    let at = 1
    for (; at <= 4 && bytes[at] !== 0x3e; at++) {
      const digit = (bytes[at] ?? 0) - 0x30
      if (digit < 0 || digit > 9) return -1
      value = value * 10 + digit
    }
    if (at === 1 || at > 4 || value > 191) return -1
    this.#at = at + 1
    return value
  }

  #isVersion1(): boolean {
    return this.#bytes[this.#at] === 0x31 && this.#bytes[this.#at + 1] === blank
  }

  /** RFC 5424: version, time, host, application, process, message id, structured data; `-` where there is nothing. */
  #header(): void {
    const { row } = this.#lines
    this.#at += 2
    const [timeStart, timeEnd] = this.#word()
    if (readIsoTime(this.#bytes, timeStart, timeEnd)) this.#time(timeRead.seconds, timeRead.nanos)
    const [hostStart, hostEnd] = this.#word()
    if (hostEnd > hostStart) row.takeHost(this.#bytes, hostStart, hostEnd)
    const [appStart, appEnd] = this.#word()
    if (appEnd > appStart) row.takeService(this.#bytes, appStart, appEnd)
    const process = this.#text(this.#word())
    if (process !== '') row.attributeText(/^\d+$/.test(process) ? 'process.pid' : 'syslog.procid', process)
    const messageId = this.#text(this.#word())
    if (messageId !== '') row.attributeText('syslog.msgid', messageId)
    this.#structuredData()
    if (this.#bytes[this.#at] === blank) this.#at++
  }

  /** From here to the next blank, empty for `-`; afterwards we are behind the blank. */
  #word(): [start: number, end: number] {
    const start = this.#at
    const found = this.#bytes.indexOf(blank, start)
    const end = found < 0 ? this.#bytes.length : found
    this.#at = Math.min(end + 1, this.#bytes.length)
    return end - start === 1 && this.#bytes[start] === 0x2d ? [start, start] : [start, end]
  }

  #text([start, end]: [number, number]): string {
    return decoder.decode(this.#bytes.subarray(start, end))
  }

  #structuredData(): void {
    const bytes = this.#bytes
    if (bytes[this.#at] === 0x2d) {
      this.#at++
      return
    }
    while (bytes[this.#at] === 0x5b) {
      const idStart = this.#at + 1
      let at = idStart
      while (at < bytes.length && bytes[at] !== blank && bytes[at] !== 0x5d) at++
      const id = this.#text([idStart, at])
      while (at < bytes.length && bytes[at] === blank) at = this.#parameter(at + 1, id)
      if (bytes[at] !== 0x5d) return
      this.#at = at + 1
    }
  }

  /** `name="value"`, where `"`, `\` and `]` are escaped; behind it. */
  #parameter(start: number, id: string): number {
    const bytes = this.#bytes
    let at = start
    while (at < bytes.length && bytes[at] !== 0x3d && bytes[at] !== 0x5d) at++
    const name = this.#text([start, at])
    if (bytes[at] !== 0x3d || bytes[at + 1] !== 0x22) return at
    const from = at + 2
    let end = from
    while (end < bytes.length && bytes[end] !== 0x22) end += bytes[end] === 0x5c ? 2 : 1
    const value = this.#text([from, Math.min(end, bytes.length)]).replaceAll(/\\(["\\\]])/g, '$1')
    // The key of a project is no part of what it sends.
    if (!(id.startsWith('bellwether') && name === 'key')) this.#lines.row.attributeText(`${id}.${name}`, value)
    return end + 1
  }

  /** RFC 3164: `Nov 21 08:00:00 host tag[pid]: text`; time and host may be missing. */
  #oldHeader({ nowMs }: MessageContext): void {
    const { row } = this.#lines
    const end = Math.min(this.#bytes.length, this.#at + 300)
    const head = decoder.decode(this.#bytes.subarray(this.#at, end))
    const dated = /^(?:\d+: )?([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d):(\d\d) /.exec(head)
    const month = months.indexOf(dated?.[1] ?? '')
    let read = 0
    if (dated !== null && month >= 0) {
      this.#dayTime(month, dated.slice(2).map(Number), nowMs)
      read = dated[0].length
    } else {
      const space = head.indexOf(' ')
      const bytes = this.#bytes.subarray(this.#at, this.#at + space)
      if (space > 18 && readIsoTime(bytes, 0, space)) {
        this.#time(timeRead.seconds, timeRead.nanos)
        read = space + 1
      }
    }
    const rest = head.slice(read)
    // A first word that ends in a colon, or has a process in brackets, is no host.
    const host = read > 0 ? /^([^\s:[\]]{1,200}) (?=\S)/.exec(rest) : null
    if (host !== null) {
      this.#takeText('host', host[1] ?? '')
      read += host[0].length
    }
    const tag = /^([^\s:[\]]{1,64})(?:\[([^\]\s]{1,64})\])?: ?/.exec(head.slice(read))
    if (tag !== null) {
      this.#takeText('service', tag[1] ?? '')
      if (tag[2] !== undefined) row.attributeText(/^\d+$/.test(tag[2]) ? 'process.pid' : 'syslog.procid', tag[2])
      read += tag[0].length
    }
    this.#at += Buffer.byteLength(head.slice(0, read))
  }

  /** Without a year and a zone: of this machine's zone, and of the newest year that has the day and makes it no more than a day later than now. */
  #dayTime(month: number, [day = 1, hour = 0, minute = 0, second = 0]: number[], nowMs: number): void {
    const latestMs = nowMs + 86_400_000
    const newestYear = new Date(latestMs).getFullYear()
    // Around 2100 eight years have no 29 February; a day that no year has is no time.
    for (let year = newestYear; year > newestYear - 9; year--) {
      const atMs = new Date(year, month, day, hour, minute, second).getTime()
      if (atMs > latestMs || new Date(year, month, day).getMonth() !== month) continue
      return this.#time(Math.floor(atMs / 1000), 0)
    }
  }

  #time(seconds: number, nanos: number): void {
    const { row } = this.#lines
    row.hasTime = true
    row.seconds = seconds
    row.nanos = nanos
  }

  #takeText(what: 'host' | 'service', text: string): void {
    const bytes = Buffer.from(text)
    if (what === 'host') this.#lines.row.takeHost(bytes, 0, bytes.length)
    else this.#lines.row.takeService(bytes, 0, bytes.length)
  }
}
