/**
 * Rows of a segment → how many there are by minute, service, environment and severity. Most histograms and every density of rows are
 * answered from these alone.
 */
import type { TableInsert } from '../ingest/index.ts'
import {
  additiveInserts,
  rowSeconds,
  u16At,
  u8At,
  wordTexts,
  type AdditiveRow,
  type OwnedSignal,
  type SignalRecord,
} from '../signals/index.ts'
import { countsAdditive } from './tables.ts'

interface Count {
  readonly minute: number
  readonly service: number
  readonly environment: number
  readonly severity: number
  readonly keep: number
  rows: number
  weight: number
}

/** A function of the records alone, as every derived row. */
export function countRows(owned: readonly OwnedSignal[], marker: string): TableInsert[] {
  const joined = new Map<string, { values: AdditiveRow; rows: number; weight: number }>()
  for (const one of owned) addRecord(one, joined)
  const rows = [...joined.values()].map(({ values, rows: count, weight }): AdditiveRow => ({
    ...values,
    values: [...values.values, count, weight],
  }))
  return additiveInserts(countsAdditive, rows, marker)
}

function addRecord({ tenant, record }: OwnedSignal, joined: Map<string, { values: AdditiveRow; rows: number; weight: number }>): void {
  if (record.rows === 0) return
  const services = wordTexts(record.word('service'))
  const environments = wordTexts(record.word('environment'))
  for (const count of countsOf({ tenant, record })) {
    const { minute, severity, keep } = count
    const service = services[count.service] ?? ''
    const environment = environments[count.environment] ?? ''
    const key = `${tenant.organizationId}/${tenant.projectId}/${minute}/${severity}/${keep}/${service.length}/${service}${environment}`
    const known = joined.get(key)
    if (known === undefined) {
      const values = [minute, service, environment, severity, keep]
      joined.set(key, { values: { ...tenant, values }, rows: count.rows, weight: count.weight })
    } else {
      known.rows += count.rows
      known.weight += count.weight
    }
  }
}

/** By the record's own numbers of words. */
function countsOf({ record }: OwnedSignal): Iterable<Count> {
  const seconds = rowSeconds(record)
  const severities = record.fixed('severity')
  const keeps = record.fixed('keep')
  const weights = weightsOf(record)
  const service = record.word('service')
  const environment = record.word('environment')
  const found = new Map<number, Map<number, Count>>()
  let last = -1
  let lastKey = -1
  let ofMinute = new Map<number, Count>()
  let count: Count | undefined
  for (let row = 0; row < record.rows; row++) {
    const s = service.numbers[row]!
    const e = environment.numbers[row]!
    const severity = u8At(severities, row)
    const keep = u16At(keeps, row)
    // Below 2^53 for any record: 5 bits of severity, 16 of days, and the product of two dictionaries.
    const key = ((s * environment.words + e) * 65_536 + keep) * 32 + severity
    const minute = Math.floor(seconds[row]! / 60)
    if (minute !== last) {
      ofMinute = found.get(minute) ?? new Map<number, Count>()
      found.set(minute, ofMinute)
      last = minute
      count = undefined
    }
    // Rows mostly come like the one before.
    if (count === undefined || key !== lastKey) {
      count = ofMinute.get(key)
      if (count === undefined) ofMinute.set(key, (count = { minute, service: s, environment: e, severity, keep, rows: 0, weight: 0 }))
      lastKey = key
    }
    count.rows++
    count.weight += weights[row]!
  }
  return [...found.values()].flatMap((counts) => [...counts.values()])
}

/** A copy, because the record may begin anywhere. */
export function weightsOf(record: SignalRecord): Float32Array {
  return new Float32Array(record.fixed('weight').bytes.slice().buffer)
}
