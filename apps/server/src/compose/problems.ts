/** Problems: what is asked of them, source maps, and where the things beside rows go that Sentry's clients send. */
import { createHmac } from 'node:crypto'

import type { Clock } from '../kernel/clock.ts'
import { isAppError } from '../kernel/errors.ts'
import type { Logger } from '../kernel/log.ts'
import type { ResourceScope } from '../kernel/resource-scope.ts'
import {
  BundleDesk,
  ChunkStore,
  ChunkSweep,
  Decisions,
  IngestMaps,
  ProblemDesk,
  ReleaseStore,
  SourceMapStore,
  type ProblemDeskDeps,
  type ProblemRange,
  type Reading,
  type SessionTotals,
} from '../problems/index.ts'
import type { CollectorDoor, SentryAside } from '../protocols/index.ts'
import { metricNotFound, type MetricOperations } from '../query/index.ts'
import type { Engines } from './engines.ts'

export interface ProblemsPartDeps {
  readonly engines: { readonly clickhouse: ProblemDeskDeps['engine']; readonly postgres: Pick<Engines['postgres'], 'pool'> }
  readonly operations: MetricOperations
  /** What retention of logs hides. */
  readonly shown: ProblemDeskDeps['shown']
  readonly clock: Clock
  readonly logger: Logger
}

export function composeProblems(
  { engines, operations, shown, clock, logger }: ProblemsPartDeps,
  resources: Pick<ResourceScope, 'use'>,
): {
  problems: ProblemDesk
  sourceMaps: SourceMapStore
  uploads: BundleDesk
  releases: ReleaseStore
} {
  const { pool } = engines.postgres
  const sourceMaps = new SourceMapStore(pool)
  const chunks = new ChunkStore(pool)
  resources.use(new ChunkSweep({ chunks, clock, logger }))
  const sessionsOf: ProblemDeskDeps['sessionsOf'] = (reading, range) => readSessions(operations, reading, range)
  return {
    sourceMaps,
    uploads: new BundleDesk({ chunks, sourceMaps, clock, logger }),
    releases: new ReleaseStore(pool),
    problems: new ProblemDesk({ engine: engines.clickhouse, shown, decisions: new Decisions(pool), sourceMaps, sessionsOf, clock }),
  }
}

export interface SentryAsideDeps {
  readonly collectors: Pick<CollectorDoor, 'of' | 'refusedSamples' | 'clock'>
  readonly sourceMaps: Pick<SourceMapStore, 'find' | 'hasAny' | 'changes'>
  readonly secret: string
}

/**
 * Sessions are metrics of their own use case; what clients threw away is told where people look for what was refused. `secret`: of this
 * installation, so that a pseudonym can be made up by nobody else.
 */
export function createSentryAside({ collectors, sourceMaps, secret }: SentryAsideDeps): SentryAside {
  const maps = new IngestMaps({ store: sourceMaps, clock: collectors.clock })
  return {
    resolverOf: (tenant, wanted) => maps.resolverOf(tenant, wanted),
    pseudonymOf: (person) => createHmac('sha256', secret).update(person).digest('hex').slice(0, pseudonymDigits),
    async observe(tenant, observations) {
      const collector = collectors.of(tenant)
      for (const { metric, value, release, environment, status } of observations)
        collector.record({ name: metric, value, tags: { release, environment, ...(status === '' ? {} : { 'session.status': status }) } })
      await collector.commit()
    },
    async discarded(tenant, discarded) {
      const collector = collectors.of(tenant)
      const nowMs = collectors.clock.nowMs()
      for (const { reason, category, count } of discarded) {
        collector.record({ name: discardedMetric, type: 'counter', value: count, tags: { reason, category } })
        const text = `The client threw ${count} of category ${category} away before sending: ${reason}.`
        collectors.refusedSamples.note(tenant, 'sentry', `client_${reason.replace(/\W+/g, '_')}`, text, nowMs)
      }
      await collector.commit()
    },
  }
}

/** Enough to tell a billion people apart. */
const pseudonymDigits = 16

/** Counts what clients report to have thrown away. */
const discardedMetric = 'sentry_client_discarded'

type SessionPart = Exclude<keyof SessionTotals, 'release' | 'environment'>

const parts: readonly (readonly [part: SessionPart, metric: string, operation: string])[] = [
  ['sessions', 'c:sessions/session@none', 'all'],
  ['crashed', 'c:sessions/session@none', 'crashed'],
  ['errored', 'c:sessions/session@none', 'errored'],
  ['abnormal', 'c:sessions/session@none', 'abnormal'],
  ['users', 's:sessions/user@none', 'all_user'],
  ['crashedUsers', 's:sessions/user@none', 'crashed_user'],
]

/** Releases of one answer. */
const releasesMax = 500

async function readSessions(operations: MetricOperations, { scope, signal }: Reading, range: ProblemRange): Promise<SessionTotals[]> {
  const totals = new Map<string, { -readonly [Name in keyof SessionTotals]: SessionTotals[Name] }>()
  const intervalSec = Math.max(60, Math.ceil((range.toMs - range.fromMs) / 1000))
  await Promise.all(
    parts.map(async ([part, metric, operation]) => {
      const asked = {
        metric,
        operation,
        groupBy: ['release', 'environment'],
        where: [],
        from: new Date(range.fromMs).toISOString(),
        to: new Date(range.toMs).toISOString(),
        interval: `${intervalSec}s`,
        groupsMax: releasesMax,
        threshold: null,
        statusTag: null,
        okStatuses: [],
        buckets: 1,
      }
      const answer = await operations.query(scope, asked, signal).catch((error: unknown) => {
        // Nobody has reported a session yet.
        if (isAppError(error, metricNotFound.code)) return null
        throw error
      })
      for (const { tags, isOther, total } of answer?.groups ?? []) {
        const { release = '', environment = '' } = Object.fromEntries(tags)
        if (isOther || release === '' || typeof total !== 'number') continue
        const key = JSON.stringify([release, environment])
        let known = totals.get(key)
        if (known === undefined)
          totals.set(key, (known = { release, environment, sessions: 0, crashed: 0, errored: 0, abnormal: 0, users: 0, crashedUsers: 0 }))
        known[part] = Math.round(total)
      }
    }),
  )
  return [...totals.values()]
}
