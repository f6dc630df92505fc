/** From a discovered address to a target: labels put together, relabelled, checked. Rules as in Prometheus' documentation of targets. */
import type { Labels } from '../metrics/index.ts'
import type { ScrapeJob, TargetGroup } from './config.ts'
import { formatDuration, parseDuration } from './quantities.ts'

/** What is to be scraped, how often, and what its series are called. */
export interface Target {
  /** The same for two targets of a job that are the same. */
  readonly key: string
  readonly url: string
  /** On every series; sorted. */
  readonly labels: Labels
  /** Before relabelling; sorted. */
  readonly discovered: Labels
  readonly intervalMs: number
  readonly timeoutMs: number
}

export interface DroppedTarget {
  readonly discovered: Labels
  /** In words. */
  readonly reason: string
}

export interface FoundTargets {
  readonly targets: readonly Target[]
  readonly dropped: readonly DroppedTarget[]
  readonly droppedCount: number
}

/** All targets of a job, each once. `droppedMax`: kept of those that are dropped. */
export function targetsOf(job: ScrapeJob, groups: readonly TargetGroup[], droppedMax: number): FoundTargets {
  const found = new Map<string, Target>()
  const dropped: DroppedTarget[] = []
  let droppedCount = 0
  for (const group of groups) {
    for (const address of group.targets) {
      const target = targetOf(job, address, group)
      if ('reason' in target) {
        droppedCount++
        if (dropped.length < droppedMax) dropped.push(target)
      } else found.set(target.key, target)
    }
  }
  return { targets: Array.from(found.values()), dropped, droppedCount }
}

export function targetOf(job: ScrapeJob, address: string, group: TargetGroup): Target | DroppedTarget {
  const labels = discoveredLabels(job, address, group)
  const discovered = sorted(labels)
  const dropped = (reason: string): DroppedTarget => ({ discovered, reason })
  if (!job.relabel(labels)) return dropped('Relabelling drops it.')
  const host = labels.get('__address__') ?? ''
  if (host === '') return dropped('It has no __address__.')
  if (/[\s/?#]/.test(host)) return dropped(`__address__ '${host}' is not a host with a port.`)
  const scheme = labels.get('__scheme__') ?? ''
  if (scheme !== 'http' && scheme !== 'https') return dropped(`__scheme__ '${scheme}' is neither http nor https.`)
  const intervalMs = parseDuration(labels.get('__scrape_interval__') ?? '') ?? 0
  const timeoutMs = parseDuration(labels.get('__scrape_timeout__') ?? '') ?? 0
  if (intervalMs < 100) return dropped('__scrape_interval__ is not a duration of at least 100ms.')
  if (timeoutMs < 1 || timeoutMs > intervalMs) return dropped('__scrape_timeout__ is not a duration up to that of __scrape_interval__.')
  const url = urlOf(job, labels, `${scheme}://${host}`)
  if (url === null) return dropped(`'${scheme}://${host}' is not an address.`)
  if ((labels.get('instance') ?? '') === '') labels.set('instance', host)
  const own = sorted(labels).filter(([name, value]) => !name.startsWith('__') && value !== '')
  const wrong = own.find(([name, value]) => /\p{Surrogate}/u.test(name + value))
  if (wrong !== undefined) return dropped('A label is not valid UTF-8.')
  return { key: JSON.stringify([url, intervalMs, timeoutMs, own]), url, labels: own, discovered, intervalMs, timeoutMs }
}

function discoveredLabels(job: ScrapeJob, address: string, group: TargetGroup): Map<string, string> {
  const labels = new Map<string, string>([
    ['job', job.name],
    ['__scrape_interval__', formatDuration(job.intervalMs)],
    ['__scrape_timeout__', formatDuration(job.timeoutMs)],
    ['__metrics_path__', job.path],
    ['__scheme__', job.scheme],
    ...Object.entries(job.params).map(([name, values]): [string, string] => [`__param_${name}`, values[0] ?? '']),
    ...Object.entries(group.labels),
    ['__address__', address],
  ])
  return labels
}

/** `__param_x` is the first value of parameter x. */
function urlOf(job: ScrapeJob, labels: ReadonlyMap<string, string>, origin: string): string | null {
  const path = labels.get('__metrics_path__') ?? ''
  const text = `${origin}${path.startsWith('/') ? '' : '/'}${path}`
  if (!URL.canParse(text)) return null
  const url = new URL(text)
  for (const [name, values] of Object.entries(job.params)) {
    const rest = labels.has(`__param_${name}`) ? values.slice(1) : values
    for (const value of rest) url.searchParams.append(name, value)
  }
  const first: [string, string][] = []
  for (const [name, value] of labels) if (name.startsWith('__param_')) first.push([name.slice('__param_'.length), value])
  if (first.length > 0) url.search = new URLSearchParams([...first, ...url.searchParams]).toString()
  return url.toString()
}

function sorted(labels: ReadonlyMap<string, string>): Labels {
  return Array.from(labels).sort(([a], [b]) => (a < b ? -1 : 1))
}
