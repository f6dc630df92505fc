/** The low-priority queue of a test's API: the real parts on the test's PostgreSQL, which nobody feeds. */
import type { Pool } from 'pg'
import type { ApiLanes } from '../../../apps/server/src/api/index.ts'
import { apiLanes, composeLanes } from '../../../apps/server/src/compose/lanes.ts'
import type { IngestLog } from '../../../apps/server/src/ingest/index.ts'
import { systemClock } from '../../../apps/server/src/kernel/clock.ts'
import { createInstruments } from '../../../apps/server/src/kernel/instruments.ts'
import { silentLogger } from '../../../apps/server/src/kernel/log.ts'
import type { ResourceScope } from '../../../apps/server/src/kernel/resource-scope.ts'

const config = {
  lpqAutomatic: 'on',
  lpqStore: 'auto',
  lpqBudget: 0.2,
  lpqWindowSec: 120,
  lpqBucketSec: 10,
  lpqBackoffSec: 60,
  lpqShare: 0.25,
  lpqWorkers: 1,
  lpqAlways: [],
  lpqNever: [],
} as const

/** The tables must be there. */
export function lanesOfStack(parts: { pool: Pool; log: Pick<IngestLog, 'backlog' | 'seal'> }, resources: ResourceScope): ApiLanes {
  const engines = { postgres: { pool: parts.pool }, redis: null }
  const shared = { config, engines, clock: systemClock, logger: silentLogger, instruments: createInstruments() }
  const lanes = composeLanes({ ...shared, seal: () => parts.log.seal() }, resources)
  return apiLanes(lanes, { config, engines, log: parts.log, readyWorkers: 1 })
}
