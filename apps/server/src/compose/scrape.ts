/** Scraping: targets of the operator's file, through the door that takes in what others send. */
import type { Accounts } from '../accounts/index.ts'
import type { Config } from '../config/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { Counter, Gauge, type Registry } from '../kernel/instruments.ts'
import type { Logger } from '../kernel/log.ts'
import type { ResourceScope } from '../kernel/resource-scope.ts'
import type { MetricsDoor } from '../protocols/index.ts'
import { Scraper } from '../scrape/index.ts'

export interface ScrapePartDeps {
  readonly config: Pick<Config, 'scrapeConfig'>
  readonly accounts: Pick<Accounts, 'tenantOf'>
  readonly door: MetricsDoor
  readonly instruments: Registry
  readonly clock: Clock
  readonly logger: Logger
}

/** Not started: see `Scraper.start`. It is to stop before the log closes. */
export function composeScraper(deps: ScrapePartDeps, resources: ResourceScope): Scraper {
  const { config, accounts, door, instruments, clock, logger } = deps
  const scrapes = new Counter({
    name: 'bellwether_scrapes_total',
    help: 'Scrapes of targets by how they went: ok, failed (stored as such) or not_stored.',
    labelNames: ['outcome'],
    registers: [instruments],
  })
  const scraper = resources.use(
    new Scraper({
      door,
      clock,
      logger: logger.child('scrape'),
      configPath: config.scrapeConfig,
      tenantOf: (projectId) => accounts.tenantOf(projectId),
      scraped: (outcome) => scrapes.inc({ outcome }),
    }),
  )
  const targets: Gauge = new Gauge({
    name: 'bellwether_scrape_targets',
    help: 'Targets that are scraped.',
    registers: [instruments],
    collect: () => targets.set(scraper.targetCount),
  })
  return scraper
}
