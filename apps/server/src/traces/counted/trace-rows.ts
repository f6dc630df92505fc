/** Where in time the traces of a segment lie: a row each, so that a trace is found by its id alone. */
import { additiveInserts, bucketSec, type AdditiveRow } from '../../signals/index.ts'
import { tracesAdditive } from '../tables.ts'
import { KeyTable } from './key-table.ts'
import type { SegmentSpans } from './segment-spans.ts'

const weekBuckets = (7 * 86_400) / bucketSec

export function traceInserts(spans: SegmentSpans, marker: string): ReturnType<typeof additiveInserts> {
  const keys = new KeyTable(6, spans.rows / 4)
  const key = new Int32Array(6)
  const [first, last, counts]: [number[], number[], number[]] = [[], [], []]
  for (let row = 0; row < spans.rows; row++) {
    key[0] = spans.tenant[row]!
    for (let part = 0; part < 4; part++) key[part + 1] = spans.traceId[row * 4 + part]!
    key[5] = spans.keep[row]!
    const bucket = Math.floor(spans.seconds[row]! / bucketSec)
    const number = keys.add(key)
    if (number === counts.length) {
      first.push(bucket)
      last.push(bucket)
      counts.push(1)
      continue
    }
    counts[number]!++
    if (bucket < first[number]!) first[number] = bucket
    if (bucket > last[number]!) last[number] = bucket
  }
  const rows = counts.map((count, number): AdditiveRow => {
    const tenant = spans.tenants[keys.part(number, 0)]!
    const half = (part: number): number => keys.part(number, part) >>> 0
    return {
      organizationId: tenant.organizationId,
      projectId: tenant.projectId,
      values: [
        { low: half(1), high: half(2) },
        { low: half(3), high: half(4) },
        Math.floor(first[number]! / weekBuckets),
        keys.part(number, 5),
        '',
        first[number]!,
        last[number]!,
        count,
      ],
    }
  })
  return additiveInserts(tracesAdditive, rows, marker)
}
