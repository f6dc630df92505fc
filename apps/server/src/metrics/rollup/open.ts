/** Puts the parts of rollups together: marks, rounds and the reader. */
import type { ClickHouse } from '../../engines/index.ts'
import type { IngestLog } from '../../ingest/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Registry } from '../../kernel/instruments.ts'
import type { Logger } from '../../kernel/log.ts'
import type { Hidden } from '../life/hidden.ts'
import type { SeriesRegistry } from '../series/registry.ts'
import { createRollupInstruments } from './instruments.ts'
import { RollupMaker } from './maker.ts'
import { MarkStore } from './mark-store.ts'
import { RollupMarks, type HourMask } from './marks.ts'
import { RollupRoller, type RollerTiming } from './roller.ts'
import { RollupStore } from './rollup-store.ts'
import { bucketsPerHour, oneHour, wholeHourMask } from './spans.ts'

export interface RollupsDeps {
  readonly engine: Pick<ClickHouse, 'queryNative' | 'insertNative' | 'command'>
  readonly registry: SeriesRegistry
  readonly hidden?: Pick<Hidden, 'isSealed'>
  readonly log: Pick<IngestLog, 'backlog'>
  readonly clock: Clock
  readonly logger: Logger
  readonly instruments: Registry
  readonly timing?: Partial<RollerTiming>
}

export interface Rollups {
  /** To be told of every sample before it can be seen (`HeadOptions.onAppend`). */
  readonly marks: RollupMarks
  readonly roller: RollupRoller
  readonly store: RollupStore
}

/** Nothing runs yet: `roller.open()` before the log is recovered, `roller.start()` once samples are written. */
export function createRollups({ engine, registry, hidden, log, clock, logger, instruments, timing }: RollupsDeps): Rollups {
  const marks = new RollupMarks({ registry, clock })
  const roller = new RollupRoller({
    marks,
    store: new MarkStore(engine),
    maker: new RollupMaker({ engine, registry }),
    hoursWithSamples: (signal) => hoursWithSamples(engine, signal),
    ...(hidden === undefined ? {} : { isSealed: ({ tenant, hour }) => hidden.isSealed(tenant, (hour + 1) * oneHour.bucketMs) }),
    log,
    clock,
    logger,
    instruments: createRollupInstruments(instruments, marks, clock),
    ...(timing === undefined ? {} : { timing }),
  })
  return { marks, roller, store: new RollupStore(engine, registry, marks) }
}

/** A sample at the very start of an hour is in the last bucket of the hour before. */
async function hoursWithSamples(engine: Pick<ClickHouse, 'queryNative'>, signal: AbortSignal): Promise<HourMask[]> {
  const out: HourMask[] = []
  const sql = 'SELECT DISTINCT org, project, hour FROM samples'
  for await (const { rows, columns } of engine.queryNative({ sql, class: 'internal', signal })) {
    const [org, project, hour] = columns
    if (org?.kind !== 'u32' || project?.kind !== 'u32' || hour?.kind !== 'u32') throw new Error('unexpected columns')
    for (let row = 0; row < rows; row++) {
      const tenant = { organizationId: org.data[row]!, projectId: project.data[row]! }
      out.push({ tenant, hour: hour.data[row]!, mask: wholeHourMask })
      if (hour.data[row]! > 0) out.push({ tenant, hour: hour.data[row]! - 1, mask: 1 << (bucketsPerHour - 1) })
    }
  }
  return out
}
