/**
 * Datagrams of StatsD and DogStatsD → observations of aggregates. A line of a known series is bytes, places and numbers; only a new one becomes
 * strings. A line that cannot be taken is counted by its reason and shown; it never keeps the others of its datagram from being taken.
 */
import { hashMemberBytes, type AggregateType } from '../../metrics/index.ts'
import { shown, shownBytes, textOf } from '../decode/label-text.ts'
import type { ProtocolLimits } from '../limits.ts'
import { keyOfBrokenLine, statsdLabels, withoutKeys, type StatsdLabels } from './labels.ts'
import { counterLine, gaugeLine, setLine, StatsdLine, timerLine } from './line.ts'
import { readEvent, readServiceCheck, type Notice } from './notices.ts'
import { readNumber } from './number.ts'
import type { StatsdProject, StatsdProjects } from './projects.ts'
import { SeriesKeys, type SeriesKey } from './series-keys.ts'

/** A key is looked up again after so long, so that a revoked one ends. */
const keyTrustMs = 1_000

const types: readonly AggregateType[] = ['counter', 'gauge', 'distribution', 'distribution', 'distribution', 'set']
/** A sample rate of one in a million million stands for nothing that anyone measures. */
const weightMax = 1e12
const newline = 0x0a
const underscore = 0x5f

/** What happened to lines that are nobody's: there is no project to count them for. */
export interface StatsdDecoderObserver {
  unowned(lines: number): void
}

export interface StatsdDecoderDeps {
  readonly projects: StatsdProjects
  readonly limits: ProtocolLimits
  readonly observer: StatsdDecoderObserver
  readonly clock: { nowMs(): number; monotonicMs(): number }
}

export class StatsdDecoder {
  readonly #deps: StatsdDecoderDeps
  readonly #line = new StatsdLine()
  readonly #keys: SeriesKeys
  readonly #hash = { low: 0, high: 0 }
  #address = ''
  /** The project of lines of this datagram that bring no key. */
  #own: StatsdProject | null = null
  /** The project of the last line of this datagram that has one. */
  #last: StatsdProject | null = null
  #nowMs = 0
  /** Of the line in hand: its sample rate in (0, 1], its time (0: now), its values and which of them bring a sign. */
  #rate = 1
  #lineMs = 0
  #count = 0
  #values = new Float64Array(16)
  #signed = new Uint8Array(16)

  constructor(deps: StatsdDecoderDeps) {
    this.#deps = deps
    this.#keys = new SeriesKeys({ entriesMax: deps.limits.contextsMax, bytesMax: deps.limits.contextBytesMax })
  }

  /** Takes all lines of a datagram. Never throws for what is in it. Gives whose it was: the project of its last line that has one. */
  decode(bytes: Uint8Array, remoteAddress: string): StatsdProject | null {
    this.#address = remoteAddress
    this.#own = this.#deps.projects.find(null, remoteAddress)
    this.#nowMs = this.#deps.clock.monotonicMs()
    this.#last = null
    let start = 0
    while (start < bytes.length) {
      const at = bytes.indexOf(newline, start)
      let end = at === -1 ? bytes.length : at
      const next = end + 1
      if (end > start && bytes[end - 1] === 0x0d) end--
      if (end > start) this.#one(bytes, start, end)
      start = next
    }
    return this.#last
  }

  /** Counts the lines of a datagram that is not decoded. */
  refuse(bytes: Uint8Array, remoteAddress: string, reason: string): void {
    let lines = bytes.length > 0 && bytes[bytes.length - 1] !== newline ? 1 : 0
    for (const byte of bytes) if (byte === newline) lines++
    const own = this.#deps.projects.find(null, remoteAddress)
    if (own === null) this.#deps.observer.unowned(lines)
    else own.refuse(reason, lines, () => `${lines} lines from ${remoteAddress}`)
  }

  #one(bytes: Uint8Array, start: number, end: number): void {
    if (bytes[start] === underscore && this.#isNotice(bytes, start, end)) return
    const line = this.#line
    const fault = line.read(bytes, start, end)
    if (fault !== null) {
      this.#refuse(this.#ownerOf(bytes, start, end), fault, () => `${fault}: ${shownBytes(bytes, start, end)}`)
      return
    }
    const wrong = line.type === setLine ? null : this.#readNumbers(bytes)
    if (wrong !== null) {
      this.#refuse(this.#ownerOf(bytes, start, end), wrong, () => `${wrong}: ${shownBytes(bytes, start, end)}`)
      return
    }
    const found = this.#keys.find(bytes, line) ?? this.#learn(bytes)
    if (found === null) return
    if (this.#projectOf(found) === null) this.#refuse(null, 'key_missing', () => '')
    else this.#take(bytes, found)
  }

  /** Whose a line is that is not taken; nothing is made for it. Null also when there is a key that cannot be read. */
  #ownerOf(bytes: Uint8Array, start: number, end: number): StatsdProject | null {
    // Byte by byte: what is wrong may be its UTF-8.
    const key = keyOfBrokenLine(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1'))
    return key === null ? this.#own : this.#deps.projects.find(key, this.#address)
  }

  /** The project of a known series, when its sender may still write to it. */
  #projectOf(found: SeriesKey): StatsdProject | null {
    if (found.key === null) return found.project === this.#own ? found.project : null
    if (this.#nowMs - found.checkedMs < keyTrustMs) return found.project
    const project = this.#deps.projects.find(found.key, this.#address)
    if (project !== found.project) return null
    found.checkedMs = this.#nowMs
    return project
  }

  /** The series of the line, made when new; null when it is refused. */
  #learn(bytes: Uint8Array): SeriesKey | null {
    const found = this.#resolve(bytes)
    if (found !== null) this.#keys.add(bytes, this.#line, found)
    return found
  }

  #resolve(bytes: Uint8Array): SeriesKey | null {
    const line = this.#line
    const name = textOf(bytes, line.nameStart, line.nameEnd)
    const tags = textOf(bytes, line.tagsStart, line.tagsEnd)
    const container = textOf(bytes, line.containerStart, line.containerEnd)
    if (name === null || tags === null || container === null) {
      const owner = this.#ownerOf(bytes, line.nameStart, line.end)
      this.#refuse(owner, 'invalid_utf8', () => `name or tags are not valid UTF-8: ${shownBytes(bytes, line.nameStart, line.nameEnd)}`)
      return null
    }
    const unit = line.type === timerLine ? 'milliseconds' : ''
    return this.#findAggregate(statsdLabels({ name, tags, container }, this.#deps.limits), types[line.type] ?? 'gauge', unit)
  }

  #findAggregate(labels: StatsdLabels, type: AggregateType, unit: string): SeriesKey | null {
    const project = labels.key === null ? this.#own : this.#deps.projects.find(labels.key, this.#address)
    if (labels.type === 'reject') {
      this.#refuse(project, labels.refusal.reason, () => labels.refusal.example)
      return null
    }
    if (project === null) {
      this.#refuse(null, 'key_missing', () => '')
      return null
    }
    const found = project.aggregates.find(type, labels.labels, unit)
    if (found.type === 'ok') return { key: labels.key, project, handle: found.handle, checkedMs: this.#nowMs }
    this.#refuse(project, found.reason, () => found.detail)
    return null
  }

  #take(bytes: Uint8Array, found: SeriesKey): void {
    const { type, valueStart, valueEnd } = this.#line
    this.#last = found.project
    if (type === setLine) {
      hashMemberBytes(bytes, valueStart, valueEnd, this.#hash)
      this.#observe(bytes, found, 0)
      return
    }
    for (let at = 0; at < this.#count; at++) this.#observe(bytes, found, at)
  }

  /** Rate, time and all values of the line; gives why it is refused, or null. A line is taken whole or not at all. */
  #readNumbers(bytes: Uint8Array): string | null {
    const line = this.#line
    this.#rate = line.rateStart === line.rateEnd ? 1 : readNumber(bytes, line.rateStart, line.rateEnd)
    if (!(this.#rate > 0 && this.#rate <= 1)) return 'sample_rate_invalid'
    this.#lineMs = line.timeStart === line.timeEnd ? 0 : this.#timeMs(bytes)
    if (this.#lineMs < 0) return 'timestamp_out_of_range'
    this.#count = 0
    for (let start = line.valueStart; ;) {
      let end = start
      while (end < line.valueEnd && bytes[end] !== 0x3a) end++
      const value = readNumber(bytes, start, end)
      if (Number.isNaN(value)) return 'value_malformed'
      // A sample rate may make the value of a counter or the weight of a timing as large as this.
      if (!Number.isFinite(value / this.#rate) || 1 / this.#rate > weightMax) return 'value_not_finite'
      if (line.type === counterLine && value < 0) return 'counter_negative'
      if (this.#count === this.#values.length) this.#grow()
      this.#signed[this.#count] = bytes[start] === 0x2b || bytes[start] === 0x2d ? 1 : 0
      this.#values[this.#count++] = value
      if (end === line.valueEnd) return null
      start = end + 1
    }
  }

  #grow(): void {
    const [values, signed] = [new Float64Array(this.#values.length * 2), new Uint8Array(this.#values.length * 2)]
    values.set(this.#values)
    signed.set(this.#signed)
    this.#values = values
    this.#signed = signed
  }

  /** Value `at` of the line, or its member. An aggregate that has expired is found anew. */
  #observe(bytes: Uint8Array, found: SeriesKey, at: number): void {
    if (!this.#offer(found, at) && !(this.#renew(bytes, found) && this.#offer(found, at))) return
    found.project.points++
  }

  /** False when the aggregate has expired. */
  #offer({ project, handle }: SeriesKey, at: number): boolean {
    const { aggregates } = project
    const { type } = this.#line
    const value = this.#values[at]!
    if (type === counterLine) return aggregates.increment(handle, value / this.#rate)
    if (type === setLine) return aggregates.addMember(handle, this.#hash.low, this.#hash.high)
    if (type !== gaugeLine) return aggregates.observe(handle, value, 1 / this.#rate)
    if (this.#lineMs > 0) return aggregates.putGauge(handle, value, this.#lineMs)
    return this.#signed[at] === 1 ? aggregates.moveGauge(handle, value) : aggregates.setGauge(handle, value)
  }

  /** The aggregate expired: the same series anew. */
  #renew(bytes: Uint8Array, found: SeriesKey): boolean {
    const again = this.#resolve(bytes)
    if (again === null) return false
    found.project = again.project
    found.handle = again.handle
    found.checkedMs = again.checkedMs
    return true
  }

  /** ms since 1970; -1 when it is no time that can be stored. */
  #timeMs(bytes: Uint8Array): number {
    const { limits, clock } = this.#deps
    const timeMs = readNumber(bytes, this.#line.timeStart, this.#line.timeEnd) * 1000
    return timeMs >= limits.timestampMinMs && timeMs <= clock.nowMs() + limits.timestampAheadMsMax ? timeMs : -1
  }

  /** Takes an event or a service check; false when the line is neither. */
  #isNotice(bytes: Uint8Array, start: number, end: number): boolean {
    const isEvent = startsWith(bytes, start, end, eventStart)
    if (!isEvent && !startsWith(bytes, start, end, checkStart)) return false
    const text = textOf(bytes, start, end)
    if (text === null) {
      this.#refuse(this.#ownerOf(bytes, start, end), 'invalid_utf8', () => 'an event or service check is not valid UTF-8')
      return true
    }
    const notice = isEvent ? readEvent(text, this.#deps.limits) : readServiceCheck(text, this.#deps.limits)
    if (notice === null) {
      const reason = isEvent ? 'event_malformed' : 'service_check_malformed'
      this.#refuse(this.#ownerOf(bytes, start, end), reason, () => `${reason}: ${shown(text)}`)
    } else this.#takeNotice(notice)
    return true
  }

  #takeNotice({ found, status }: Notice): void {
    const series = this.#findAggregate(found, status === null ? 'counter' : 'gauge', '')
    if (series === null) return
    const { aggregates } = series.project
    this.#last = series.project
    if (status === null) aggregates.increment(series.handle, 1)
    else aggregates.setGauge(series.handle, status)
    series.project.points++
  }

  #refuse(project: StatsdProject | null, reason: string, example: () => string): void {
    if (project === null) {
      this.#deps.observer.unowned(1)
      return
    }
    this.#last = project
    project.refuse(reason, 1, () => withoutKeys(example()))
  }
}

const eventStart = Buffer.from('_e{')
const checkStart = Buffer.from('_sc|')

// oxlint-disable-next-line max-params -- a slice of bytes and what it may begin with
function startsWith(bytes: Uint8Array, start: number, end: number, prefix: Uint8Array): boolean {
  if (end - start < prefix.length) return false
  return prefix.every((byte, at) => bytes[start + at] === byte)
}
