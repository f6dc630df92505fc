/** Scrubbing of this program: policies in PostgreSQL, the stage that every batch of logs and spans goes through first. */
import type { ApiScrubbing } from '../api/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/log.ts'
import type { ResourceScope } from '../kernel/resource-scope.ts'
import { takeApartLine } from '../protocols/index.ts'
import { type Samples, scrubSamples, ScrubbingDesk, type ScrubbingDeskDeps, ScrubbingStage } from '../scrubbing/index.ts'
import type { SignalStage } from '../signals/index.ts'

export interface ScrubbingPartDeps {
  readonly engines: { readonly postgres: { readonly pool: ScrubbingDeskDeps['pool'] } }
  readonly clock: Clock
  readonly logger: Logger
}

export interface Scrubbing {
  readonly api: ApiScrubbing
  /** A stage a kind: each has buffers of its own. */
  stage(): SignalStage
  /** The same place, told without what must not be kept. */
  samples(samples: Samples): Samples
}

/** Before anything comes in. Errors by code: `scrubbing.unavailable`. */
export async function composeScrubbing({ engines, clock, logger }: ScrubbingPartDeps, resources: ResourceScope): Promise<Scrubbing> {
  const desk = resources.use(new ScrubbingDesk({ pool: engines.postgres.pool, clock, logger: logger.child('scrubbing') }))
  await desk.open()
  return {
    api: scrubbingOf(desk),
    samples: (samples) => scrubSamples(samples, (tenant) => desk.policyOf(tenant)),
    stage: () => new ScrubbingStage({ policyOf: (tenant) => desk.policyOf(tenant) }),
  }
}

/** The desk as the API sees it. */
export function scrubbingOf(desk: ScrubbingDesk): ApiScrubbing {
  return {
    get: (access) => desk.get(access),
    put: (access, policy) => desk.put(access, policy),
    try: (trial) => desk.try(trial, takeApartLine),
  }
}
