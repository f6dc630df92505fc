/** Every setting: name, default, what is allowed, what it means. The only list of them; `bellwether config` prints it. */
import type { Secret } from './secret.ts'
import {
  byteSize,
  directory,
  email,
  idList,
  ingestKey,
  numberBetween,
  oneOf,
  port,
  postgresUrl,
  secret,
  text,
  url,
  wholeNumber,
  type Parser,
} from './parsers.ts'

/** One setting. `environment` is also its key in `bellwether.yaml`, in lower case and without the prefix. */
export interface Setting<T> {
  readonly environment: string
  /** Text as one would write it; null when there is none. */
  readonly defaultText: string | null
  readonly parse: Parser<T>
  readonly meaning: string
}

function setting<T>(environment: string, [defaultText, parse]: [string, Parser<T>], meaning: string): Setting<T> & { defaultText: string } {
  return { environment: `BELLWETHER_${environment}`, defaultText, parse, meaning }
}

function optional<T>(environment: string, parse: Parser<T>, meaning: string): Setting<T> & { defaultText: null } {
  return { environment: `BELLWETHER_${environment}`, defaultText: null, parse, meaning }
}

export const settings = {
  host: setting('HOST', ['127.0.0.1', text], 'Address to listen on: UI, API and every HTTP protocol.'),
  port: setting('PORT', ['4400', port], 'Port of the same; 0 takes any free one.'),
  dataDir: setting('DATA_DIR', ['./data', directory], 'Everything embedded lives here.'),
  publicUrl: optional(
    'PUBLIC_URL',
    url('http', 'https'),
    'Address that browsers use, for links and cookies; default: the listening address.',
  ),
  adminEmail: setting('ADMIN_EMAIL', ['admin@bellwether.local', email], 'E-mail address of the first administrator.'),
  adminPassword: optional('ADMIN_PASSWORD', secret, 'Password of the first administrator; without it the sign-in link asks for one.'),
  adminToken: optional('ADMIN_TOKEN', secret, "An API token with every right in organization 'default', for automation."),
  ingestKey: optional('INGEST_KEY', ingestKey, 'The public ingest key of project 1; generated when not given.'),
  anonymousIngest: setting(
    'ANONYMOUS_INGEST',
    ['loopback', oneOf('loopback', 'off')],
    "'loopback': data without a key goes to project 1 when it comes from this machine; 'off': it is refused.",
  ),
  otlpGrpcPort: setting('OTLP_GRPC_PORT', ['4317', port], 'Extra listener for OTLP over gRPC; 0 switches it off.'),
  otlpHttpPort: setting('OTLP_HTTP_PORT', ['4318', port], 'Extra listener for OTLP over HTTP; 0 switches it off.'),
  statsdPort: setting('STATSD_PORT', ['8125', port], 'UDP port for StatsD and DogStatsD; 0 switches it off.'),
  syslogPort: setting(
    'SYSLOG_PORT',
    ['0', port],
    'UDP and TCP port for syslog (RFC 5424 and 3164), usually 514 or 5514; 0 switches it off.',
  ),
  scrapeConfig: optional(
    'SCRAPE_CONFIG',
    directory,
    "A file like Prometheus' own, whose scrape_configs say which targets are scraped; read again when it changes. Default: none are.",
  ),
  aggregateIntervalSec: setting(
    'AGGREGATE_INTERVAL',
    ['10', wholeNumber(1, 60)],
    'Seconds for which single observations (StatsD, the metrics collector) are summed up before they become samples.',
  ),
  redisUrl: optional('REDIS_URL', url('redis', 'rediss'), 'A Redis that several programs share; default: everything is kept in process.'),
  clickhouseUrl: optional(
    'CLICKHOUSE_URL',
    url('http', 'https'),
    'A ClickHouse server (user and password in the address); default: embedded.',
  ),
  postgresUrl: optional('POSTGRES_URL', postgresUrl, 'A PostgreSQL database; default: embedded.'),
  logLevel: setting('LOG_LEVEL', ['warn', oneOf('error', 'warn', 'info', 'debug')], 'How much goes to standard error.'),
  logSizeBytesMax: setting(
    'INGEST_LOG_MAX',
    ['4GiB', byteSize(16 * 1024 ** 2)],
    'Most that the ingest log may hold while the engine is away; beyond it senders get 429.',
  ),
  seriesMax: setting(
    'SERIES_MAX',
    ['1000000', wholeNumber(1000, 100_000_000)],
    'Most series a project may have in use at once; new ones beyond it are dropped and counted.',
  ),
  seriesPerMetricMax: setting(
    'SERIES_PER_METRIC_MAX',
    ['200000', wholeNumber(10, 100_000_000)],
    'Most distinct series of one metric of a project within an hour; new ones beyond it are dropped and counted.',
  ),
  seriesPerOrganizationMax: optional(
    'SERIES_PER_ORGANIZATION_MAX',
    wholeNumber(10, 100_000_000),
    'The same of all metrics of an organization; default: twice SERIES_MAX, because what ended within the hour counts too.',
  ),
  writesLimit: setting(
    'WRITES_LIMIT',
    ['10000000', wholeNumber(1000, 1_000_000_000)],
    'Most strings (names, labels and values) that an organization may bring in for the first time within an hour; series with more are dropped and counted.',
  ),
  lpqAutomatic: setting(
    'LPQ',
    ['on', oneOf('on', 'off')],
    "'on': a project over its budget of processor time is moved to the low-priority lane; 'off': only the lists below move anyone.",
  ),
  lpqStore: setting(
    'LPQ_STORE',
    ['auto', oneOf('auto', 'process', 'none')],
    "Where costs are added up. 'auto': in the Redis where one is configured, else in process; 'process': in process; 'none': nowhere.",
  ),
  lpqBudget: setting(
    'LPQ_BUDGET',
    ['0.2', numberBetween(0.001, 1000)],
    "Seconds of processor time a second that a project's data may take, on average over the window.",
  ),
  lpqWindowSec: setting('LPQ_WINDOW', ['120', wholeNumber(60, 3600)], 'Seconds over which that average is taken.'),
  lpqBucketSec: setting('LPQ_BUCKET', ['10', wholeNumber(1, 60)], 'Seconds that are added up in one counter.'),
  lpqBackoffSec: setting('LPQ_BACKOFF', ['60', wholeNumber(0, 86_400)], 'Seconds that a moved project stays where it is.'),
  lpqShare: setting(
    'LPQ_SHARE',
    ['0.25', numberBetween(0.01, 1)],
    'Share of a processor that the low-priority lane may take, all its projects together.',
  ),
  lpqWorkers: setting('LPQ_WORKERS', ['1', wholeNumber(1, 8)], 'Segments of the low-priority lane that are processed at once.'),
  lpqAlways: setting('LPQ_ALWAYS', ['', idList], 'Numbers of projects that are always in the low-priority lane.'),
  lpqNever: setting('LPQ_NEVER', ['', idList], 'Numbers of projects that are never in the low-priority lane, whoever says otherwise.'),
  seriesUnseenHours: setting(
    'SERIES_UNSEEN_HOURS',
    ['6', wholeNumber(1, 8760)],
    'Hours after which a series without new samples leaves memory; queries of its time still find it.',
  ),
  memoryMaxBytes: optional(
    'MEMORY_MAX',
    byteSize(512 * 1024 ** 2),
    'Memory that all parts together may plan with; default: half of what the machine has.',
  ),
  querySamplesMax: setting('QUERY_SAMPLES_MAX', ['50000000', wholeNumber(1000, 1_000_000_000)], 'Most samples one query may read.'),
  querySeriesMax: setting('QUERY_SERIES_MAX', ['500000', wholeNumber(10, 10_000_000)], 'Most series one query may select.'),
  queryTimeoutSec: setting('QUERY_TIMEOUT', ['60', wholeNumber(1, 3600)], 'Seconds after which a query is stopped.'),
  selfWatch: setting('SELF_WATCH', ['on', oneOf('on', 'off')], 'Bellwether watches its own process and host in project 1.'),
} as const

type Settings = typeof settings
type ValueOf<S> = S extends Setting<infer T> ? (S extends { defaultText: null } ? T | null : T) : never

/** The settings of one run, checked and frozen. */
export type Config = { readonly [K in keyof Settings]: ValueOf<Settings[K]> }

export type { Secret }
