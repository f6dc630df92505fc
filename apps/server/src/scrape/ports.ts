/** What scraping shows to the API. */
import type { Labels } from '../metrics/index.ts'

/** `unknown`: not scraped yet. */
export type TargetHealth = 'up' | 'down' | 'unknown'

export interface TargetView {
  readonly job: string
  readonly url: string
  readonly labels: Labels
  readonly discovered: Labels
  readonly health: TargetHealth
  /** In words; null when the last scrape was good. */
  readonly lastError: string | null
  /** ms since 1970; null: never. */
  readonly lastScrapeMs: number | null
  readonly lastDurationMs: number
  readonly samplesScraped: number
  readonly samplesKept: number
  readonly seriesAdded: number
  readonly nextScrapeMs: number | null
  readonly intervalMs: number
  readonly timeoutMs: number
}

export interface DroppedView {
  readonly job: string
  readonly discovered: Labels
  readonly reason: string
}

export interface JobView {
  readonly name: string
  readonly targets: number
  readonly dropped: number
  /** Of discovery and limits, in words. */
  readonly problems: readonly string[]
}

/** What is scraped into some projects. */
export interface ScrapeView {
  readonly jobs: readonly JobView[]
  readonly targets: readonly TargetView[]
  readonly dropped: readonly DroppedView[]
}

/** The configuration itself, which is the operator's. */
export interface ScrapeConfigView {
  /** Null: there is none, and nothing is scraped. */
  readonly path: string | null
  readonly loadedAtMs: number | null
  /** Why the file as it is now is not in use; the one before it still is. */
  readonly error: string | null
  readonly notes: readonly string[]
}

/** Targets and their state, for screens. */
export interface ScrapeStatus {
  config(): ScrapeConfigView
  view(projectIds: readonly number[]): ScrapeView
}
