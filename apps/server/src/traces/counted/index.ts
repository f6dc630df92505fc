/** What is counted when spans are written: traces, operations, edges of the service map. */
import type { DerivedRows } from '../../signals/index.ts'
import { edgeTables, operationTables } from '../tables.ts'
import { countEdges } from './edges.ts'
import { countOperations } from './operations.ts'
import { SegmentSpans } from './segment-spans.ts'
import { traceInserts } from './trace-rows.ts'

/** Rows of all tables but `spans`, from the records of a segment alone. */
export const countedSpans: DerivedRows = function* (owned, marker) {
  const spans = new SegmentSpans(owned)
  if (spans.rows === 0) return
  yield null
  yield* traceInserts(spans, marker)
  const operations = countOperations(spans)
  yield null
  yield* operations.inserts(operationTables, spans, { marker, kindAt: 2 })
  const edges = countEdges(spans)
  yield null
  yield* edges.inserts(edgeTables, spans, { marker, kindAt: 1 })
}
