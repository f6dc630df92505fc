/** In which order the files of a project run: those that take longest first, so that no worker is left alone with one at the end. */
import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Over ten seconds on two processors, longest first by project; what waits most of its time stands beside what computes. */
const longest: readonly string[] = [
  'apps/server/src/performance/changes/regressions.test.ts',
  'apps/server/src/protocols/otlp/kernel.test.ts',
  'test/integration/engines/postgres.test.ts',
  'test/integration/metrics/rollup-faults.test.ts',
  'test/integration/metrics/rollup.test.ts',
  'test/integration/scrape/scraper.test.ts',
  'test/integration/accounts/accounts.test.ts',
  'test/integration/api/tenant-walk.test.ts',
  'test/e2e/promql-command.test.ts',
  'test/e2e/screens.test.ts',
  'test/e2e/prometheus.test.ts',
  'test/e2e/traces.test.ts',
  'test/e2e/logs.test.ts',
  'test/e2e/life.test.ts',
  'test/e2e/sentry.test.ts',
  'test/e2e/performance.test.ts',
  'test/e2e/crossing.test.ts',
  'test/e2e/demo.test.ts',
  'test/e2e/cardinality.test.ts',
  'test/e2e/import.test.ts',
  'test/e2e/lanes.test.ts',
  'test/e2e/retention.test.ts',
  'test/e2e/own-engines.test.ts',
]

export class LongestFirst extends BaseSequencer {
  /** Vitest's own order (by group and project, then what it remembers of earlier runs), with the longest of each project at its front. */
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const rank = (file: TestSpecification): number => {
      const place = longest.indexOf(relative(this.ctx.config.root, file.moduleId))
      return place === -1 ? longest.length : place
    }
    const projects = [...new Set(sorted.map(({ project }) => project.name))]
    return projects.flatMap((name) => sorted.filter(({ project }) => project.name === name).toSorted((a, b) => rank(a) - rank(b)))
  }
}
