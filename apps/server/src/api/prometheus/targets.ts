/** `/api/v1/targets` as Prometheus answers it, for programs that look there. */
import type { TargetView } from '../../scrape/index.ts'
import { sendValue } from './answers.ts'
import type { PromEndpoint } from './endpoints.ts'

export const targets: PromEndpoint = ({ scrape }, { scope, params, reply }) => {
  const state = params.text('state').toLowerCase()
  const pool = params.text('scrapePool')
  const view = scrape.view(scope.projectIds)
  const isWanted = ({ job }: { readonly job: string }): boolean => pool === '' || job === pool
  return sendValue(reply, {
    activeTargets: state === 'dropped' ? [] : view.targets.filter(isWanted).map(activeTarget),
    droppedTargets:
      state === 'active'
        ? []
        : view.dropped
            .filter(isWanted)
            .map(({ discovered, job }) => ({ discoveredLabels: Object.fromEntries(discovered), scrapePool: job })),
    droppedTargetCounts: Object.fromEntries(view.jobs.map(({ name, dropped }) => [name, dropped])),
  })
}

function activeTarget(target: TargetView): Record<string, unknown> {
  return {
    discoveredLabels: Object.fromEntries(target.discovered),
    labels: Object.fromEntries(target.labels),
    scrapePool: target.job,
    scrapeUrl: target.url,
    globalUrl: target.url,
    lastError: target.lastError ?? '',
    lastScrape: new Date(target.lastScrapeMs ?? -62_135_596_800_000).toISOString(),
    lastScrapeDuration: target.lastDurationMs / 1000,
    health: target.health,
    scrapeInterval: `${target.intervalMs / 1000}s`,
    scrapeTimeout: `${target.timeoutMs / 1000}s`,
  }
}
