import { describe, expect, test } from 'vitest'
import { isAppError } from '../kernel/errors.ts'
import type { ScrapeJob } from './config.ts'
import { readScrapeConfig } from './read-config.ts'

function jobOf(text: string): ScrapeJob {
  const [job] = readScrapeConfig(text, '/etc/bw').jobs
  if (job === undefined) throw new Error('no job')
  return job
}

function complaint(text: string): string {
  try {
    readScrapeConfig(text, '/etc/bw')
    return ''
  } catch (error) {
    return isAppError(error) ? error.publicText : String(error)
  }
}

test('nothing, and a job with nothing but its name', () => {
  expect(readScrapeConfig('', '/')).toEqual({ jobs: [], notes: [] })
  expect(jobOf('scrape_configs: [{ job_name: a }]')).toMatchObject({
    name: 'a',
    projectId: 1,
    intervalMs: 60_000,
    timeoutMs: 10_000,
    scheme: 'http',
    path: '/metrics',
    honorLabels: false,
    honorTimestamps: true,
    nativeHistograms: false,
    asksForGzip: true,
    metricRelabel: null,
    groups: [],
  })
})

test('a file as people have it', () => {
  const { jobs, notes } = readScrapeConfig(
    `global:
  scrape_interval: 15s
  scrape_timeout: 20s
  evaluation_interval: 15s
  sample_limit: 5000
rule_files: [rules.yml]
alerting: {}
scrape_configs:
  - job_name: node
    project: 2
    scrape_interval: 1m30s
    honor_labels: true
    metrics_path: /probe
    params: { module: [http_2xx, x] }
    basic_auth: { username: u, password_file: secret.txt }
    tls_config: { ca_file: ca.pem, insecure_skip_verify: true, min_version: TLS12 }
    body_size_limit: 10MB
    static_configs:
      - targets: ['a:1', b:2]
        labels: { env: prod, rack: 17 }
    file_sd_configs: [{ files: ['targets/*.json', /abs/x.yml], refresh_interval: 5m }]
    http_sd_configs: [{ url: 'https://sd/x', refresh_interval: 30s, bearer_token: t }]
    relabel_configs: [{ source_labels: [__address__], target_label: host }]
  - job_name: short
    scrape_interval: 5s
`,
    '/etc/bw',
  )
  expect(notes).toEqual([
    'Line 4: global.evaluation_interval is not used here.',
    'Line 6: rule_files is not used here.',
    'Line 7: alerting is not used here.',
  ])
  expect(jobs[0]).toMatchObject({
    projectId: 2,
    intervalMs: 90_000,
    timeoutMs: 20_000,
    honorLabels: true,
    params: { module: ['http_2xx', 'x'] },
    http: {
      authorization: { kind: 'basic', username: { value: 'u' }, password: { file: '/etc/bw/secret.txt' } },
      tls: { ca: { file: '/etc/bw/ca.pem' }, isUnverified: true, minVersion: 'TLSv1.2' },
    },
    limits: { bodyBytesMax: 10 * 1024 ** 2, samplesMax: 5000 },
    groups: [{ targets: ['a:1', 'b:2'], labels: { env: 'prod', rack: '17' } }],
    files: [{ patterns: ['/etc/bw/targets/*.json', '/abs/x.yml'] }],
    urls: [{ url: 'https://sd/x', refreshMs: 30_000, http: { authorization: { scheme: 'Bearer', credentials: { value: 't' } } } }],
  })
  // As in Prometheus a timeout of all jobs is cut to a shorter interval.
  expect(jobs[1]).toMatchObject({ intervalMs: 5000, timeoutMs: 5000 })
})

test('an anchor is followed', () => {
  const text = 'scrape_configs: [{ job_name: a, static_configs: [{ targets: [b], labels: &l { c: d } }, { targets: [e], labels: *l }] }]'
  expect(jobOf(text).groups).toEqual([
    { targets: ['b'], labels: { c: 'd' } },
    { targets: ['e'], labels: { c: 'd' } },
  ])
})

test('native histograms change what is asked for first', () => {
  expect(jobOf('scrape_configs: [{ job_name: a, scrape_native_histograms: true }]').protocols[0]).toBe('PrometheusProto')
  expect(jobOf('scrape_configs: [{ job_name: a }]').protocols[0]).toBe('OpenMetricsText1.0.0')
})

test('two jobs that say the same have one signature, and no others do', () => {
  const signature = (text: string): string => jobOf(text).signature
  const text = 'scrape_configs: [{ job_name: a }]'
  expect(signature(`# said otherwise\n${text}`)).toBe(signature(text))
  expect(signature(`global: { scrape_interval: 5s }\n${text}`)).not.toBe(signature(text))
})

describe('what is wrong is said with its line', () => {
  const job = (line: string): string => `scrape_configs:\n  - job_name: a\n    ${line}\n`
  test.each([
    [job('static_config: []'), 'Line 3: scrape_configs[0].static_config is not a key that is supported here.'],
    [job('scrape_interval: soon'), 'Line 3: scrape_configs[0].scrape_interval must be a duration, such as 15s or 1m30s.'],
    [job('scrape_timeout: 2m'), 'Line 3: scrape_configs[0].scrape_timeout must not be longer than scrape_interval.'],
    [job('sample_limit: many'), 'Line 3: scrape_configs[0].sample_limit must be a whole number of at least 0.'],
    [job('body_size_limit: 10'), 'Line 3: scrape_configs[0].body_size_limit must be a size, such as 512KB or 10MB.'],
    [job('honor_labels: maybe'), 'Line 3: scrape_configs[0].honor_labels must be true or false.'],
    [job('static_configs: { targets: [] }'), 'Line 3: scrape_configs[0].static_configs must be a list.'],
    [
      job('relabel_configs: [{ action: hashmod }]'),
      "Line 3: scrape_configs[0].relabel_configs has a wrong rule: rule 1: 'hashmod' needs a target_label.",
    ],
    [job('relabel_configs: [{ action: hash }]'), /^Line 3: scrape_configs\[0\]\.relabel_configs\[0\]\.action must be one of replace, /],
    [job('file_sd_configs: [{ files: ["*/x.json"] }]'), /^Line 3: .*files\[0\] must name a file ending in/],
    [job('project: 0'), 'Line 3: scrape_configs[0].project must be the number of a project.'],
    [job('bearer_token: x\n    basic_auth: { username: u }'), /^Line 3: .*bearer_token is one way too many/],
    [job('kubernetes_sd_configs: []'), /^Line 3: kubernetes_sd_configs is not supported\. Targets come from static_configs/],
    ['scrape_configs:\n  - scrape_interval: 5s\n', 'Line 2: scrape_configs[0] needs a job_name.'],
    ['scrape_configs: [{ job_name: a },\n { job_name: a }]', 'Line 2: job_name a is there twice.'],
    ['a: b', 'Line 1: a is not a key that is supported here.'],
    ['a: [', /^Line 1: /],
  ])('%j', (text, wanted) => {
    if (typeof wanted === 'string') expect(complaint(text)).toBe(wanted)
    else expect(complaint(text)).toMatch(wanted)
  })
})
