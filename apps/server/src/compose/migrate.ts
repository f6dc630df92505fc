/** Brings both schemas up to date and stops again: for a deployment that migrates before it starts. */
import type { Config } from '../config/index.ts'
import { openDataDirectory, planMemory } from '../engines/index.ts'
import { systemClock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/log.ts'
import { ResourceScope } from '../kernel/resource-scope.ts'
import { composeEngines } from './engines.ts'

/** Errors: those of the data directory, the engines and `engine.migration_failed`. */
export async function migrate(config: Config, logger: Logger): Promise<void> {
  await using resources = new ResourceScope()
  const dataDir = resources.use(await openDataDirectory(config.dataDir)).path
  await composeEngines({ config, dataDir, memory: planMemory(config.memoryMaxBytes ?? undefined), clock: systemClock, logger }, resources)
}
