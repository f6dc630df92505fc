/** A scraper whose only target is of the other organization. Nothing answers there. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../../apps/server/src/kernel/clock.ts'
import { silentLogger } from '../../../apps/server/src/kernel/log.ts'
import type { ResourceScope } from '../../../apps/server/src/kernel/resource-scope.ts'
import type { Tenant } from '../../../apps/server/src/kernel/scope.ts'
import type { MetricsDoor } from '../../../apps/server/src/protocols/index.ts'
import { Scraper } from '../../../apps/server/src/scrape/index.ts'

export async function targetsOfStack(
  { door, theirs, word }: { door: MetricsDoor; theirs: Tenant; word: string },
  resources: ResourceScope,
): Promise<Scraper> {
  const folder = mkdtempSync(join(tmpdir(), 'bellwether-targets-'))
  resources.defer('targets', () => rmSync(folder, { recursive: true, force: true }))
  const configPath = join(folder, 'scrape.yml')
  writeFileSync(
    configPath,
    `scrape_configs:
  - job_name: ${word}
    project: ${theirs.projectId}
    scrape_interval: 1h
    static_configs:
      - targets: ['${word}.invalid:80', 'dropped-${word}.invalid:80']
    relabel_configs:
      - { action: drop, source_labels: [__address__], regex: dropped.* }
`,
  )
  const scraper = resources.use(
    new Scraper({ door, clock: systemClock, logger: silentLogger, configPath, tenantOf: async () => theirs, scraped: () => {} }),
  )
  await scraper.start()
  return scraper
}
