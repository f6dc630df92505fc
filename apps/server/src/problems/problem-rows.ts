/** Counts of problems from the records of a segment: by hour, release, environment and service, added up by the engine. */
import { exceptionMessageNames, exceptionTypeNames, firstValue } from '@bellwether/protocol'
import type { Tenant } from '../kernel/scope.ts'
import {
  additiveInserts,
  f32At,
  hexAt,
  msOf,
  pairStarts,
  textBounds,
  u32At,
  u8At,
  wordTexts,
  type DerivedRows,
  type OwnedSignal,
  type SignalRecord,
} from '../signals/index.ts'
import { errorFactsOf } from './error-facts.ts'
import { placeOf, titleOf } from './grouping.ts'
import { groupsPerSegmentMax, titleCharsMax, usersPerRowMax } from './limits.ts'
import { errorAttributes } from './model.ts'
import { problemHoursTable } from './tables.ts'
import { keyOnSpan, keysInLogs, keysPerRowMax, spanEventSource } from './told-twice.ts'

interface Counts {
  readonly tenant: Tenant
  readonly low: number
  readonly high: number
  readonly hour: number
  readonly release: string
  readonly environment: string
  readonly service: string
  count: number
  firstMs: number
  lastMs: number
  severity: number
  title: string
  place: string
  type: string
  readonly users: Set<number>
  /** Of `count`, what comes from spans and has its key in `spannedKeys`. */
  spanCount: number
  readonly loggedKeys: Set<number>
  readonly spannedKeys: Set<number>
}

const hourMs = 3_600_000

/** Of records of logs. */
export const deriveProblems = ((owned, marker) => {
  const groups = new Map<string, Counts>()
  for (const one of owned) count(one, groups)
  const rows = [...groups.values()].map((counts) => ({
    ...counts.tenant,
    values: [
      { low: counts.low, high: counts.high },
      counts.hour,
      counts.release,
      counts.environment,
      counts.service,
      counts.count,
      counts.firstMs,
      counts.lastMs,
      counts.severity,
      counts.type,
      counts.title,
      counts.place,
      [...counts.users],
      counts.spanCount,
      [...counts.loggedKeys],
      [...counts.spannedKeys],
    ],
  }))
  return additiveInserts(problemHoursTable, rows, marker)
}) satisfies DerivedRows

function count({ tenant, record }: OwnedSignal, groups: Map<string, Counts>): void {
  const problem = record.fixed('problem')
  let reader: RowReader | null = null
  for (let row = 0; row < record.rows; row++) {
    const [low, high] = [u32At(problem, row), u32At(problem, row, 4)]
    if (low === 0 && high === 0) continue
    reader ??= new RowReader(record)
    addRow(reader, groups, { tenant, row, low, high })
  }
}

interface ProblemRow {
  readonly tenant: Tenant
  readonly row: number
  readonly low: number
  readonly high: number
}

function addRow(reader: RowReader, groups: Map<string, Counts>, { tenant, row, low, high }: ProblemRow): void {
  const atMs = reader.timeMs(row)
  const hour = Math.max(0, Math.floor(atMs / hourMs))
  const isFull = groups.size >= groupsPerSegmentMax
  const [release, environment, service] = isFull
    ? ['', '', '']
    : [reader.word('release', row), reader.word('environment', row), reader.word('service', row)]
  const key = JSON.stringify([tenant.organizationId, tenant.projectId, low, high, hour, release, environment, service])
  let counts = groups.get(key)
  if (counts === undefined) {
    const facts = errorFactsOf((name) => reader.attribute(row, name), reader.body(row))
    const [first] = facts.chain
    const message = reader.body(row)
    counts = {
      tenant,
      low,
      high,
      hour,
      release,
      environment,
      service,
      count: 0,
      firstMs: atMs,
      lastMs: atMs,
      severity: 0,
      title: titleOf(facts.chain.length === 0 ? { ...facts, message } : facts).slice(0, titleCharsMax),
      place: (reader.attribute(row, errorAttributes.place) || placeOf(facts)).slice(0, titleCharsMax),
      type: (first?.type ?? '').slice(0, titleCharsMax),
      users: new Set(),
      spanCount: 0,
      loggedKeys: new Set(),
      spannedKeys: new Set(),
    }
    groups.set(key, counts)
  }
  addKey(reader, counts, row)
  counts.count += reader.weight(row)
  counts.firstMs = Math.min(counts.firstMs, atMs)
  counts.lastMs = Math.max(counts.lastMs, atMs)
  counts.severity = Math.max(counts.severity, reader.severity(row))
  const user = reader.user(row)
  if (user !== '' && counts.users.size < usersPerRowMax) counts.users.add(hashOf(user))
}

function addKey(reader: RowReader, counts: Counts, row: number): void {
  const { traceId, spanId } = reader.span(row)
  const attribute = (name: string): string => reader.attribute(row, name)
  const [type, message] = [firstValue(exceptionTypeNames, attribute), firstValue(exceptionMessageNames, attribute)]
  const told = { projectId: counts.tenant.projectId, traceId, spanId, type, message }
  const isOnSpan = reader.word('source', row) === spanEventSource
  if (!isOnSpan) {
    if (counts.loggedKeys.size < keysPerRowMax) for (const key of keysInLogs(told, reader.timeMs(row))) counts.loggedKeys.add(hashOf(key))
    return
  }
  const key = keyOnSpan(told, reader.timeMs(row), reader.attribute(row, errorAttributes.times) !== '')
  if (key === null || counts.spannedKeys.size >= keysPerRowMax) return
  counts.spannedKeys.add(hashOf(key))
  counts.spanCount += reader.weight(row)
}

const decoder = new TextDecoder()
const userNames = [
  errorAttributes.userHash,
  errorAttributes.userId,
  errorAttributes.userEmail,
  errorAttributes.userName,
  errorAttributes.clientAddress,
]

/** Reads single rows of a record; made only for records that hold an error. */
class RowReader {
  readonly #record: SignalRecord
  readonly #words = new Map<string, readonly string[]>()
  readonly #pairs: Uint32Array
  readonly #keys: readonly string[]
  readonly #values: { starts: Uint32Array; ends: Uint32Array }
  readonly #bodies: { starts: Uint32Array; ends: Uint32Array }

  constructor(record: SignalRecord) {
    this.#record = record
    const attributes = record.pairs('attributes')
    this.#pairs = pairStarts(attributes)
    this.#keys = wordTexts(attributes.keys)
    this.#values = textBounds(attributes.values.bytes, attributes.pairs)
    this.#bodies = textBounds(record.text('body').bytes, record.rows)
  }

  timeMs(row: number): number {
    const ts = this.#record.fixed('ts')
    return Math.floor(msOf(u32At(ts, row), u32At(ts, row, 4)))
  }

  severity(row: number): number {
    return u8At(this.#record.fixed('severity'), row)
  }

  weight(row: number): number {
    return f32At(this.#record.fixed('weight'), row)
  }

  body(row: number): string {
    return decoder.decode(this.#record.text('body').bytes.subarray(this.#bodies.starts[row], this.#bodies.ends[row]))
  }

  /** Zeros where it has none. */
  span(row: number): { readonly traceId: string; readonly spanId: string } {
    return { traceId: hexAt(this.#record.fixed('trace_id'), row), spanId: hexAt(this.#record.fixed('span_id'), row) }
  }

  word(name: 'release' | 'environment' | 'service' | 'source', row: number): string {
    const view = this.#record.word(name)
    let texts = this.#words.get(name)
    if (texts === undefined) this.#words.set(name, (texts = wordTexts(view)))
    return texts[view.numbers[row] ?? 0] ?? ''
  }

  attribute(row: number, name: string): string {
    const attributes = this.#record.pairs('attributes')
    const last = this.#pairs[row + 1] ?? 0
    for (let at = this.#pairs[row] ?? last; at < last; at++)
      if (this.#keys[attributes.keys.numbers[at] ?? 0] === name)
        return decoder.decode(attributes.values.bytes.subarray(this.#values.starts[at], this.#values.ends[at]))
    return ''
  }

  /** Who it happened to; ''. */
  user(row: number): string {
    for (const name of userNames) {
      const value = this.attribute(row, name)
      if (value !== '') return `${name}=${value}`
    }
    return ''
  }
}

/** FNV-1a of the UTF-16 units: the engine only counts how many differ. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash ^= hash >>> 15
  return Math.imul(hash, 0x2c1b3c6d) >>> 0
}
