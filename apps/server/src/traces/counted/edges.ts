/**
 * Who calls whom. A client's span says whom it means to call (`peer`); who answered is known where the answering span is in the same segment
 * (`server`). Where it is not, the reader finds out from the other rows of the same client and peer, or from an example trace.
 */
import { edgesPerSegmentMax, pairedSpansMax } from '../limits.ts'
import { CountedCalls } from './counted-rows.ts'
import { KeyTable } from './key-table.ts'
import type { SegmentSpans } from './segment-spans.ts'
import { takes } from './known-names.ts'

/** How one calls another, as in the column `kind`. */
export const edgeKinds = { call: 0, database: 1, message: 2 } as const

const [server, client, producer, consumer] = [2, 3, 4, 5]

function isAsking(kind: number): boolean {
  return kind === client || kind === producer
}

/** By row of a client or producer: the word of the service that answered, 0 when that is not known. And by row of others: the row of a parent in another service, -1 for none. */
function pair(spans: SegmentSpans): { answered: Uint32Array; caller: Int32Array } {
  const rows = Math.min(spans.rows, pairedSpansMax)
  const answered = new Uint32Array(spans.rows)
  const caller = new Int32Array(spans.rows).fill(-1)
  const byId = new KeyTable(3, rows)
  const rowOf = new Int32Array(rows)
  const key = new Int32Array(3)
  for (let row = 0; row < rows; row++) {
    key[0] = spans.tenant[row]!
    key[1] = spans.spanId[row * 2]!
    key[2] = spans.spanId[row * 2 + 1]!
    rowOf[byId.add(key)] = row
  }
  for (let row = 0; row < rows; row++) {
    const [low, high] = [spans.parentId[row * 2]!, spans.parentId[row * 2 + 1]!]
    if ((low === 0 && high === 0) || isAsking(spans.kind[row]!)) continue
    key[0] = spans.tenant[row]!
    key[1] = low
    key[2] = high
    const found = byId.find(key)
    if (found === -1) continue
    const parent = rowOf[found]!
    const kind = spans.kind[row]!
    if (isAsking(spans.kind[parent]!)) {
      if (kind === server || kind === consumer || spans.service[row] !== spans.service[parent]) answered[parent] = spans.service[row]!
    } else if (spans.service[row] !== spans.service[parent]) caller[row] = parent
  }
  return { answered, caller }
}

export function countEdges(spans: SegmentSpans): CountedCalls {
  const counted = new CountedCalls(6)
  const { answered, caller } = pair(spans)
  const known = spans.tenants.map(() => new Set<string>())
  // tenant, client, kind, peer, system, server, environment, step, keep
  const key = new Int32Array(9)
  for (let row = 0; row < spans.rows; row++) {
    const kind = spans.kind[row]!
    if (isAsking(kind)) {
      const isDatabase = spans.system[row] !== 0
      key[1] = spans.service[row]!
      key[2] = isDatabase ? edgeKinds.database : kind === producer ? edgeKinds.message : edgeKinds.call
      key[3] = spans.peer[row]!
      key[4] = spans.system[row]!
      key[5] = answered[row]!
    } else if (kind === consumer && spans.peer[row] !== 0) {
      key[1] = key[4] = 0
      key[2] = edgeKinds.message
      key[3] = spans.peer[row]!
      key[5] = spans.service[row]!
    } else if (caller[row] !== -1) {
      key[1] = spans.service[caller[row]!]!
      key[2] = kind === consumer ? edgeKinds.message : edgeKinds.call
      key[3] = key[4] = 0
      key[5] = spans.service[row]!
    } else continue
    const tenant = spans.tenant[row]!
    key[0] = tenant
    key[6] = spans.environment[row]!
    key[7] = Math.floor(spans.seconds[row]! / 60)
    key[8] = spans.keep[row]!
    if (!counted.has(key) && !takes(known[tenant]!, key.subarray(1, 7).join('/'), edgesPerSegmentMax)) continue
    counted.add(key, spans, row)
  }
  return counted
}
