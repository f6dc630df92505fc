/** What a scrape configuration says, with every default filled in. Read by read-config.ts; shape and meaning are Prometheus'. */
import type { Relabel } from './relabel.ts'

export const scrapeProtocols = [
  'PrometheusProto',
  'OpenMetricsText1.0.0',
  'OpenMetricsText0.0.1',
  'PrometheusText1.0.0',
  'PrometheusText0.0.4',
] as const
export type ScrapeProtocol = (typeof scrapeProtocols)[number]

export interface ScrapeConfig {
  readonly jobs: readonly ScrapeJob[]
  /** Keys of Prometheus that mean nothing here, in words. */
  readonly notes: readonly string[]
}

/** Targets with the labels they have in common. */
export interface TargetGroup {
  readonly targets: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}

/** A secret, or the file that holds it and is read each time. */
export type SecretSource = { readonly value: string } | { readonly file: string }

export type Authorization =
  | { readonly kind: 'basic'; readonly username: SecretSource; readonly password: SecretSource }
  | { readonly kind: 'credentials'; readonly scheme: string; readonly credentials: SecretSource }

export interface TlsSettings {
  readonly ca: SecretSource | null
  readonly certificate: SecretSource | null
  readonly key: SecretSource | null
  readonly serverName: string | null
  readonly isUnverified: boolean
  readonly minVersion: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3' | null
}

/** How something is fetched. */
export interface HttpSettings {
  readonly authorization: Authorization | null
  readonly tls: TlsSettings
  readonly followsRedirects: boolean
  readonly headers: Readonly<Record<string, string>>
}

export interface FileDiscovery {
  /** Absolute; `*` only in the last part. */
  readonly patterns: readonly string[]
}

export interface HttpDiscovery {
  readonly url: string
  readonly refreshMs: number
  readonly http: HttpSettings
}

export interface JobLimits {
  /** 0: only the program's own limit. */
  readonly bodyBytesMax: number
  /** All 0: no limit. */
  readonly samplesMax: number
  readonly labelsMax: number
  readonly labelNameBytesMax: number
  readonly labelValueBytesMax: number
  readonly targetsMax: number
  /** Dropped targets kept for the screen; 0: as many as the program keeps. */
  readonly droppedKept: number
}

export interface ScrapeJob {
  readonly name: string
  readonly projectId: number
  readonly intervalMs: number
  readonly timeoutMs: number
  /** The first is liked best. */
  readonly protocols: readonly ScrapeProtocol[]
  /** For answers that do not say what they are; null: such a scrape fails. */
  readonly fallbackProtocol: ScrapeProtocol | null
  readonly nativeHistograms: boolean
  readonly classicHistograms: boolean
  readonly honorLabels: boolean
  readonly honorTimestamps: boolean
  readonly tracksTimestamps: boolean
  readonly scheme: 'http' | 'https'
  readonly path: string
  readonly params: Readonly<Record<string, readonly string[]>>
  readonly asksForGzip: boolean
  readonly http: HttpSettings
  readonly limits: JobLimits
  readonly relabel: Relabel
  readonly metricRelabel: Relabel | null
  readonly groups: readonly TargetGroup[]
  readonly files: readonly FileDiscovery[]
  readonly urls: readonly HttpDiscovery[]
  /** The same for two jobs that say the same. */
  readonly signature: string
}
