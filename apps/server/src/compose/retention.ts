/** Retention and deletions of the program that serves. */
import type { Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/log.ts'
import type { ResourceScope } from '../kernel/resource-scope.ts'
import { RetentionDesk, type RetentionDeskDeps } from '../retention/index.ts'

export interface RetentionPartDeps {
  readonly engines: { readonly postgres: { readonly pool: RetentionDeskDeps['pool'] } }
  readonly keeping: Pick<RetentionDeskDeps, 'hidden' | 'eraser' | 'keeper'>
  readonly clock: Clock
  readonly logger: Logger
}

/** Before anyone asks: what must not be seen is not. Errors by code: `retention.unavailable`, and the engine's. */
export async function composeRetention(
  { engines, keeping, clock, logger }: RetentionPartDeps,
  resources: ResourceScope,
): Promise<RetentionDesk> {
  const desk = resources.use(new RetentionDesk({ pool: engines.postgres.pool, ...keeping, clock, logger: logger.child('retention') }))
  await desk.open()
  return desk
}
