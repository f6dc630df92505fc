/** Logs: how long they are kept, live tails, what is asked of them and made of them. */
import type { ClickHouse } from '../engines/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/log.ts'
import type { ResourceScope } from '../kernel/resource-scope.ts'
import { countRows, facetRows, LogManager, LogRetention, LogsBatch, LogTails, type LogRetentionDeps } from '../logs/index.ts'
import { MatchBudget } from '../search/index.ts'
import type { SignalBatch } from '../signals/index.ts'
import type { TraceReads } from '../traces/index.ts'
import { composeLogAnalysis, type LogAnalysisPart } from './log-analysis.ts'
import type { SignalParts } from './signals.ts'

export interface LogsPartDeps {
  readonly engines: { readonly clickhouse: ClickHouse; readonly postgres: { readonly pool: LogRetentionDeps['pool'] } }
  /** Spans are searched and compared by the same parts. */
  readonly spanReads: Pick<TraceReads, 'spans'>
  readonly clock: Clock
  readonly logger: Logger
}

export interface Logs {
  readonly manager: LogManager
  readonly retention: LogRetention
  readonly analysis: LogAnalysisPart
  /** What happens to every batch of logs, beside what other parts do. */
  readonly parts: SignalParts
  /** Before rows come into a batch: what is older than anything of the tenant is kept is not taken. */
  prepare(batch: SignalBatch): void
  /** Answers that go on must end before the program can. */
  endTails(): void
}

/** Before the first row comes: it must know how long it is kept. Errors: `logs.retention_unavailable`. */
export async function composeLogs({ engines, spanReads, clock, logger }: LogsPartDeps, resources: ResourceScope): Promise<Logs> {
  const { clickhouse: engine, postgres } = engines
  const retention = resources.use(new LogRetention({ pool: postgres.pool, engine, clock, logger: logger.child('logs') }))
  await retention.open()
  const budget = new MatchBudget(clock)
  const tails = resources.use(new LogTails(clock, budget))
  const manager = new LogManager({ engine, shown: retention, tails, clock })
  const analysis = await composeLogAnalysis({ engines, logs: manager, shown: retention, budget, spanReads, clock, logger }, resources)
  return {
    manager,
    retention,
    analysis,
    parts: {
      stages: [retention, ...analysis.stages],
      derived: [countRows, facetRows],
      observers: [tails, ...analysis.observers],
      processed: analysis.observers,
    },
    endTails: () => tails[Symbol.dispose](),
    prepare(batch) {
      if (batch instanceof LogsBatch) batch.keepDays = retention.longestDays(batch.tenant)
    },
  }
}
