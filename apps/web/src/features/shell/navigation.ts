/** Where things are: the rail, the palette and the `g` keys read the same list. A place is listed when it exists. */
import type { IconName } from '../../ui/Icon.tsx'

/** Addresses of the pages below a project. */
export type PagePath =
  | '/p/$project'
  | '/p/$project/explore/metrics'
  | '/p/$project/explore/logs'
  | '/p/$project/explore/traces'
  | '/p/$project/services'
  | '/p/$project/service-map'
  | '/p/$project/performance'
  | '/p/$project/problems'
  | '/p/$project/releases'
  | '/p/$project/start'
  | '/p/$project/data/sources'
  | '/p/$project/data/targets'
  | '/p/$project/data/usage'
  | '/p/$project/data/refused'
  | '/p/$project/data/import'
  | '/p/$project/data/cardinality'
  | '/p/$project/data/scrubbing'
  | '/p/$project/data/model'
  | '/p/$project/settings/project'
  | '/p/$project/settings/retention'
  | '/p/$project/settings/keys'
  | '/p/$project/settings/members'
  | '/p/$project/settings/tokens'
  | '/p/$project/settings/audit'
  | '/p/$project/settings/account'
  | '/p/$project/system'
  | '/p/$project/system/lanes'

export interface NavigationPage {
  readonly to: PagePath
  readonly label: string
  /** Pressed after `g`. */
  readonly key: string
  /** Words that find it in the palette besides its label. */
  readonly words: string
}

export interface NavigationGroup {
  readonly label: string
  readonly icon: IconName
  readonly pages: readonly NavigationPage[]
}

export const navigation: readonly NavigationGroup[] = [
  { label: 'Overview', icon: 'overview', pages: [{ to: '/p/$project', label: 'Overview', key: 'o', words: 'home health start' }] },
  {
    label: 'Explore',
    icon: 'metrics',
    pages: [
      { to: '/p/$project/explore/metrics', label: 'Metrics', key: 'm', words: 'promql chart query graph' },
      { to: '/p/$project/explore/logs', label: 'Logs', key: 'l', words: 'search tail live patterns errors events lines' },
      {
        to: '/p/$project/explore/traces',
        label: 'Traces',
        key: 'w',
        words: 'spans requests waterfall flame graph apm slow errors compare',
      },
    ],
  },
  {
    label: 'Services',
    icon: 'services',
    pages: [
      { to: '/p/$project/services', label: 'Services', key: 'v', words: 'apm rate errors duration operations latency' },
      {
        to: '/p/$project/performance',
        label: 'Performance',
        key: 'P',
        words: 'operations latency percentiles apdex regressions findings n+1 slow queries deploys report',
      },
      { to: '/p/$project/service-map', label: 'Map', key: 'z', words: 'service dependencies graph topology calls' },
    ],
  },
  {
    label: 'Problems',
    icon: 'warning',
    pages: [
      { to: '/p/$project/problems', label: 'Problems', key: 'b', words: 'errors exceptions crashes bugs issues sentry stack' },
      { to: '/p/$project/releases', label: 'Releases', key: 'f', words: 'health crash free sessions versions feedback' },
    ],
  },
  {
    label: 'Data',
    icon: 'data',
    pages: [
      { to: '/p/$project/start', label: 'Send data', key: 'd', words: 'opentelemetry collector prometheus curl snippet onboarding' },
      { to: '/p/$project/data/sources', label: 'Sources', key: 's', words: 'protocols otlp remote write' },
      { to: '/p/$project/data/targets', label: 'Targets', key: 'g', words: 'scrape exporters jobs up down prometheus discovery' },
      { to: '/p/$project/data/usage', label: 'Usage', key: 'u', words: 'conservation received stored dropped queued bytes' },
      { to: '/p/$project/data/refused', label: 'Refused', key: 'r', words: 'dead letters errors rejected replay' },
      { to: '/p/$project/data/import', label: 'Import', key: 'i', words: 'file csv json lines upload history backfill' },
      {
        to: '/p/$project/data/cardinality',
        label: 'Cardinality',
        key: 'n',
        words: 'series labels explosion limit rules drop aggregate cost',
      },
      {
        to: '/p/$project/data/scrubbing',
        label: 'Scrubbing',
        key: '0',
        words: 'secrets passwords tokens cards email privacy mask redact personal data gdpr',
      },
      { to: '/p/$project/data/model', label: 'Data model', key: 'x', words: 'mri series labels id tables explain what is a metric' },
    ],
  },
  {
    label: 'Settings',
    icon: 'settings',
    pages: [
      { to: '/p/$project/settings/project', label: 'Projects', key: 'p', words: 'organization create' },
      { to: '/p/$project/settings/retention', label: 'Retention', key: 'h', words: 'keep days delete old data rollups deletions' },
      { to: '/p/$project/settings/keys', label: 'Ingest keys', key: 'k', words: 'api key create revoke' },
      { to: '/p/$project/settings/members', label: 'Members', key: 'e', words: 'people users roles invite' },
      { to: '/p/$project/settings/tokens', label: 'API tokens', key: 't', words: 'bearer automation' },
      { to: '/p/$project/settings/audit', label: 'Audit', key: 'a', words: 'log who changed' },
      { to: '/p/$project/settings/account', label: 'Your account', key: 'c', words: 'password profile' },
    ],
  },
  {
    label: 'System',
    icon: 'system',
    pages: [
      { to: '/p/$project/system', label: 'System', key: 'y', words: 'components engines queue disk memory version' },
      { to: '/p/$project/system/lanes', label: 'Lanes', key: 'q', words: 'low priority queue lpq budget flood noisy project' },
    ],
  },
]

export const allPages: readonly NavigationPage[] = navigation.flatMap((group) => group.pages)
