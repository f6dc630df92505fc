/** Targets: what is asked of the server, and how the answer is narrowed and put into words. */
import { targetsBodySchema, type DroppedScrapeTarget, type ScrapeTarget, type TargetHealth } from '@bellwether/protocol'
import { queryOptions } from '@tanstack/react-query'
import { request } from '../../lib/http.ts'
import type { TargetState } from './targets-search.ts'

export function targetsQuery(projectPath: string) {
  return queryOptions({
    queryKey: ['targets', projectPath],
    queryFn: ({ signal }) => request(`${projectPath}/targets`, targetsBodySchema, { signal }),
    staleTime: 1000,
  })
}

export function targetKey({ job, url, labels }: Pick<ScrapeTarget, 'job' | 'url' | 'labels'>): string {
  return `${job} ${url} ${labelsText(labels)}`
}

/** `zone="eu", rack="2"`, without those that have a column of their own. */
export function labelsText(labels: Readonly<Record<string, string>>, without: readonly string[] = []): string {
  return Object.entries(labels)
    .filter(([name]) => !without.includes(name))
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(', ')
}

/** Every word must be somewhere in what is seen of the target. */
function matches(text: string, find: string): boolean {
  const seen = text.toLowerCase()
  return find
    .toLowerCase()
    .split(/\s+/)
    .every((word) => seen.includes(word))
}

export function narrowed(targets: readonly ScrapeTarget[], state: TargetState, find: string): readonly ScrapeTarget[] {
  return targets.filter(
    (target) => (state === 'all' || target.health === state) && matches(`${targetKey(target)} ${target.lastError ?? ''}`, find),
  )
}

export function narrowedDropped(dropped: readonly DroppedScrapeTarget[], find: string): readonly DroppedScrapeTarget[] {
  return dropped.filter(({ job, discoveredLabels, reason }) => matches(`${job} ${labelsText(discoveredLabels)} ${reason}`, find))
}

export const healthWords: Readonly<Record<TargetHealth, string>> = { up: 'up', down: 'down', unknown: 'not scraped yet' }

/** "Up" for a sentence's beginning: the server says reasons as half sentences. */
export function sentence(text: string): string {
  const whole = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(whole) ? whole : `${whole}.`
}

/** "12 of 14 targets are up." */
export function summary(targets: readonly ScrapeTarget[]): string {
  const up = targets.filter(({ health }) => health === 'up').length
  const down = targets.filter(({ health }) => health === 'down').length
  const total = targets.length === 1 ? '1 target' : `${targets.length} targets`
  const rest = targets.length - up - down
  return `${up} of ${total} up${down > 0 ? `, ${down} down` : ''}${rest > 0 ? `, ${rest} not scraped yet` : ''}.`
}

/** A file that scrapes into the project with this number. */
export function exampleConfig(projectId: string): string {
  return `# scrape.yml: the global and scrape_configs parts of a prometheus.yml work as they are
global:
  scrape_interval: 15s
scrape_configs:
  - job_name: node
    project: ${projectId}
    static_configs:
      - targets: ['127.0.0.1:9100']
        labels: { env: production }`
}

export const startCommand = 'BELLWETHER_SCRAPE_CONFIG=/etc/bellwether/scrape.yml'
