/** Calls by operation. Names beyond a bound are counted together, so that a sender that puts ids into names costs no more than others. */
import { operationsPerSegmentMax, otherName } from '../limits.ts'
import { CountedCalls } from './counted-rows.ts'
import { takes } from './known-names.ts'
import type { SegmentSpans } from './segment-spans.ts'

export function countOperations(spans: SegmentSpans): CountedCalls {
  const counted = new CountedCalls(5)
  // tenant, service, name, kind, environment, release, step, keep
  const key = new Int32Array(8)
  const other = spans.words.numberOf(otherName)
  // Names, however many minutes they are spread over: what comes late holds many.
  const known = spans.tenants.map(() => new Set<string>())
  for (let row = 0; row < spans.rows; row++) {
    const tenant = spans.tenant[row]!
    key[0] = tenant
    key[1] = spans.service[row]!
    key[2] = spans.name[row]!
    key[3] = spans.kind[row]!
    key[4] = spans.environment[row]!
    key[5] = spans.release[row]!
    key[6] = Math.floor(spans.seconds[row]! / 60)
    key[7] = spans.keep[row]!
    if (!counted.has(key) && !takes(known[tenant]!, `${key[1]}/${key[2]}/${key[3]}`, operationsPerSegmentMax)) {
      key[2] = other
      key[4] = key[5] = 0
      if (!takes(known[tenant]!, `${key[1]}`, operationsPerSegmentMax * 2)) key[1] = other
    }
    counted.add(key, spans, row)
  }
  return counted
}
