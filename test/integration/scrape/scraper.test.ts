/** Scraping against exporters that misbehave in every way, with real connections; what is stored is looked at where the door hands it on. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AppError } from '../../../apps/server/src/kernel/errors.ts'
import { systemClock } from '../../../apps/server/src/kernel/clock.ts'
import { silentLogger } from '../../../apps/server/src/kernel/log.ts'
import { createTestDoor, type TestDoor } from '../../../apps/server/src/protocols/testing/door.ts'
import { exposedFamilies } from '../../../apps/server/src/protocols/testing/exposition-bodies.ts'
import { Scraper, type TargetView } from '../../../apps/server/src/scrape/index.ts'
import { mayBeMissing, opensslPath } from '../../support/services.ts'
import { until } from '../../support/wait.ts'
import { startExporter, text, type Exporter } from './exporter.ts'

let exporter: Exporter
const folder = mkdtempSync(join(tmpdir(), 'bellwether-scrape-'))

beforeAll(async () => {
  exporter = await startExporter()
})
afterAll(async () => {
  await exporter[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

interface Run extends AsyncDisposable {
  readonly door: TestDoor
  readonly scraper: Scraper
  readonly configPath: string
  /** The only target, once it was scraped and `isIt`. */
  target(isIt: (target: TargetView) => boolean): Promise<TargetView>
  /** Values of a series so far, `STALE` for its end. */
  values(series: RegExp): string[]
}

let runs = 0

/** A scraper of one file; every 100 ms. */
async function scrape(config: string): Promise<Run> {
  const door = createTestDoor()
  Object.defineProperty(door, 'nowMs', { get: () => Date.now() })
  const configPath = join(folder, `scrape-${runs++}.yml`)
  writeFileSync(configPath, config)
  const scraper = new Scraper({
    door: door.door,
    clock: systemClock,
    logger: silentLogger,
    configPath,
    tenantOf: async (projectId) => (projectId === 9 ? null : { organizationId: 1, projectId }),
    scraped: () => {},
  })
  await scraper.start()
  return {
    door,
    scraper,
    configPath,
    target: (isIt) =>
      until('the target to be as wanted', () => {
        const [target] = scraper.view([1]).targets
        if (target !== undefined && isIt(target)) return target
        throw new Error(`it is ${target?.health}: ${target?.lastError}`)
      }),
    values: (series) => door.metrics.rows.filter((row) => series.test(row)).map((row) => row.replace(/ @\d+$/, '').replace(/^.* /, '')),
    [Symbol.asyncDispose]: () => scraper[Symbol.asyncDispose](),
  }
}

/** `every` is the patience of a scrape, too. */
function job(more: string, path = '/metrics', every = '100ms'): string {
  return `global: { scrape_interval: ${every} }
scrape_configs:
  - job_name: j
    metrics_path: ${path}
    static_configs: [{ targets: ['${exporter.address}'] }]
    ${more}
`
}

/** For tests in which no scrape may fail: a busy machine needs longer now and then. */
const patientJob = (more: string): string => job(more, '/metrics', '500ms')

const isDown = ({ health }: TargetView): boolean => health === 'down'
/** A busy machine may need longer than a scrape has; the next one tells what is wrong with the exporter. */
const says = ({ lastError }: TargetView, error: string | RegExp): boolean =>
  typeof error === 'string' ? lastError === error : error.test(lastError ?? '')
const isUp = ({ health }: TargetView): boolean => health === 'up'

describe('an exporter that misbehaves is down, and why is said', () => {
  test.each<[string, (exporter: Exporter) => void, string, string | RegExp]>([
    [
      '500',
      ({ answers }) => answers.set('/x', (_, out) => out.writeHead(500).end()),
      '',
      'the server answered HTTP status 500 Internal Server Error',
    ],
    ['silence', ({ answers }) => answers.set('/x', () => {}), '', 'it took longer than 100ms'],
    [
      'half a body, then silence',
      ({ answers }) => answers.set('/x', (_, out) => void out.writeHead(200).write('a 1\n')),
      '',
      'it took longer than 100ms',
    ],
    ['a broken connection', ({ answers }) => answers.set('/x', (request) => request.socket.destroy()), '', /^the connection broke/],
    [
      'a body cut off',
      ({ answers }) =>
        answers.set('/x', (_, out) => void out.writeHead(200, { 'content-length': 100 }).write('a 1\n', () => out.destroy())),
      '',
      /^the connection broke/,
    ],
    ['a page', ({ answers }) => answers.set('/x', text('<html>', { 'content-type': 'text/html' })), '', "line 1: '' is not a value"],
    ['broken gzip', ({ answers }) => answers.set('/x', text('nonsense', { 'content-encoding': 'gzip' })), '', /^its gzip is broken/],
    [
      'too much',
      ({ answers }) => answers.set('/x', text(`# ${'x'.repeat(5000)}\n`)),
      'body_size_limit: 4KB',
      'the body is larger than body_size_limit, 4096 bytes',
    ],
    [
      'a little that unpacks to too much',
      ({ answers }) =>
        answers.set('/x', (_, out) => out.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(1_000_000, 35)))),
      'body_size_limit: 4KB',
      'the body is larger than body_size_limit, 4096 bytes',
    ],
    [
      'redirected for ever',
      ({ answers }) => answers.set('/x', (_, out) => out.writeHead(302, { location: '/x' }).end()),
      '',
      'it was redirected more than 10 times',
    ],
    [
      'redirected, and not to follow',
      ({ answers }) => answers.set('/x', (_, out) => out.writeHead(302, { location: '/y' }).end()),
      'follow_redirects: false',
      /status 302/,
    ],
    [
      'redirected to a file',
      ({ answers }) => answers.set('/x', (_, out) => out.writeHead(302, { location: 'file:///etc/passwd' }).end()),
      '',
      /neither http nor https/,
    ],
    ['a format of its own', ({ answers }) => answers.set('/x', text('a 1 2 3\n')), '', "line 1: '3' after the sample"],
    [
      'too many samples',
      ({ answers }) => answers.set('/x', text('a 1\nb 2\n')),
      'sample_limit: 1',
      '2 samples are left after relabelling; sample_limit is 1',
    ],
  ])('%s', async (_name, prepare, more, error) => {
    prepare(exporter)
    await using run = await scrape(job(more, '/x'))
    await run.target((target) => isDown(target) && says(target, error))
    expect(run.values(/^up\{/).every((value) => value === '0')).toBe(true)
    expect(run.door.metrics.rows.every((row) => /^(?:up|scrape_\w+)\{/.test(row))).toBe(true)
  })

  test('nobody there', async () => {
    await using run = await scrape(job('').replace(exporter.address, '127.0.0.1:1'))
    await run.target((target) => isDown(target) && says(target, /^the connection was refused/))
  })

  test('more targets than target_limit: all are down', async () => {
    exporter.answers.set('/metrics', text('a 1\n'))
    await using run = await scrape(job('target_limit: 1').replace("']", `', 'localhost:${exporter.address.split(':')[1]}']`))
    expect((await run.target(isDown)).lastError).toBe('There are 2 targets; target_limit is 1. None of them is scraped.')
  })
})

test('one that answers: gzip, redirects within it, formats and times', async () => {
  const body = '# TYPE a counter\na_total 1\n# EOF\n'
  exporter.answers.set('/metrics', (_, out) => out.writeHead(307, { location: '/real' }).end())
  exporter.answers.set('/real', (_, out) =>
    out.writeHead(200, { 'content-type': 'application/openmetrics-text; version=1.0.0', 'content-encoding': 'gzip' }).end(gzipSync(body)),
  )
  await using run = await scrape(job('bearer_token: secret'))
  await run.target(isUp)
  await until('more scrapes', () => run.values(/^a_total\{/).length > 3)
  const headers = exporter.asked.find(({ path }) => path === '/real')?.headers
  expect(headers).toMatchObject({ authorization: 'Bearer secret', 'accept-encoding': 'gzip', 'x-prometheus-scrape-timeout-seconds': '0.1' })
  expect(headers?.accept).toMatch(/^application\/openmetrics-text;version=1\.0\.0.*;q=0\.5,/)
  const times = run.door.metrics.rows.filter((row) => row.startsWith('up{')).map((row) => Number(row.replace(/^.*@/, '')))
  expect(times.every((time, index) => index === 0 || time > (times[index - 1] ?? 0))).toBe(true)
})

test('credentials do not follow a redirect to another host', async () => {
  await using other = await startExporter()
  other.answers.set('/metrics', text('a 1\n'))
  exporter.answers.set('/away', (_, out) => out.writeHead(302, { location: `http://${other.address}/metrics` }).end())
  writeFileSync(join(folder, 'password'), 'p4ss\n')
  await using run = await scrape(job('basic_auth: { username: u, password_file: password }', '/away'))
  await run.target(isUp)
  expect(exporter.asked.findLast(({ path }) => path === '/away')?.headers.authorization).toBe(
    `Basic ${Buffer.from('u:p4ss').toString('base64')}`,
  )
  expect(other.asked[0]?.headers.authorization).toBeUndefined()
})

test('a series that vanishes ends, and all end when the exporter does', async () => {
  exporter.answers.set('/metrics', text('a 1\nb 2\n'))
  await using run = await scrape(job(''))
  await run.target(isUp)
  exporter.answers.set('/metrics', text('b 2\n'))
  await until('the end of a', () => run.values(/^a\{/).at(-1) === 'STALE')
  expect(run.values(/^b\{/).every((value) => value === '2')).toBe(true)
  exporter.answers.set('/metrics', (_, out) => out.writeHead(503).end())
  await until('the end of b', () => run.values(/^b\{/).at(-1) === 'STALE')
  await until('two failures', () => run.values(/^up\{/).filter((value) => value === '0').length > 1)
  expect([/^a\{/, /^b\{/].map((series) => run.values(series).filter((value) => value === 'STALE').length)).toEqual([1, 1])
})

test('protobuf is asked for first where native histograms are wanted', async () => {
  const histogram = { count: 3, sum: 4, schema: 0, zeroThreshold: 0.001, positiveSpans: [0, 1], positive: [3] }
  const body = exposedFamilies([{ name: 'h', type: 4, metrics: [{ labels: { a: 'b' }, histogram }] }])
  const contentType = 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited'
  exporter.answers.set('/native', (_, out) => out.writeHead(200, { 'content-type': contentType }).end(body))
  await using run = await scrape(job('scrape_native_histograms: true', '/native'))
  await run.target(isUp)
  expect(exporter.asked.findLast(({ path }) => path === '/native')?.headers.accept).toMatch(/^application\/vnd\.google\.protobuf/)
  expect(run.door.metrics.histograms[0]).toMatchObject({
    series: `h{a="b",instance="${exporter.address}",job="j"}`,
    histogram: { count: 3 },
  })
})

test('a full log makes a scrape one that failed, and the next one stores what is there then', async () => {
  exporter.answers.set('/metrics', text('a 1\n'))
  await using run = await scrape(patientJob(''))
  await run.target(isUp)
  run.door.metrics.failure = new AppError({ code: 'ingest.log_full', kind: 'limit', publicText: 'The ingest log is full.' })
  await run.target((target) => isDown(target) && says(target, 'The ingest log is full.'))
  run.door.metrics.failure = null
  await run.target(isUp)
  expect(run.values(/^a\{/)).not.toContain('STALE')
})

describe('the configuration while it runs', () => {
  const replace = (path: string, content: string): void => {
    writeFileSync(`${path}.new`, content)
    renameSync(`${path}.new`, path)
  }

  test('a wrong file changes nothing and says so; a right one keeps what is the same and ends what is gone', async () => {
    exporter.answers.set('/metrics', text('a 1\n'))
    const other = `  - job_name: other
    static_configs: [{ targets: ['localhost:${exporter.address.split(':')[1]}'] }]
`
    await using run = await scrape(patientJob('') + other)
    await until('both', () => run.values(/^a\{.*job="other"/).length > 0 && run.values(/^a\{.*job="j"/).length > 0)
    replace(run.configPath, `${patientJob('')}  - nonsense: 1\n`)
    await until('the complaint', () => run.scraper.config().error)
    expect(run.scraper.config().error).toBe('Line 7: scrape_configs[1] needs a job_name.')
    expect(run.scraper.view([1]).jobs).toHaveLength(2)
    replace(run.configPath, patientJob('sample_limit: 100'))
    await until(
      'the end of the other',
      () => run.values(/^a\{.*job="other"/).at(-1) === 'STALE' && run.values(/^up\{.*job="other"/).at(-1) === 'STALE',
    )
    expect(run.scraper.config().error).toBeNull()
    const { length } = run.values(/^a\{.*job="j"/)
    await until('more of the same series', () => run.values(/^a\{.*job="j"/).length > length + 1)
    expect(run.values(/^a\{.*job="j"/)).not.toContain('STALE')
  })

  test('a project that is not there, and jobs of others', async () => {
    await using run = await scrape(job('project: 9'))
    expect(run.scraper.config().error).toBe('Job j: there is no project 9.')
    replace(run.configPath, job('project: 2'))
    await until('the job', () => run.scraper.view([2]).jobs.length === 1)
    expect(run.scraper.view([1])).toEqual({ jobs: [], targets: [], dropped: [] })
  })

  test('targets from files and from an address come, change and go', async () => {
    exporter.answers.set('/metrics', text('a 1\n'))
    exporter.answers.set(
      '/sd',
      text(JSON.stringify([{ targets: [exporter.address], labels: { from: 'http' } }]), { 'content-type': 'application/json' }),
    )
    const file = join(folder, 'targets-1.json')
    writeFileSync(file, JSON.stringify([{ targets: [exporter.address], labels: { from: 'file' } }]))
    await using run = await scrape(`global: { scrape_interval: 100ms }
scrape_configs:
  - job_name: found
    file_sd_configs: [{ files: ['targets-*.json'] }]
    http_sd_configs: [{ url: 'http://${exporter.address}/sd', refresh_interval: 100ms }]
    relabel_configs:
      - { source_labels: [__meta_filepath], regex: '.*/(.*)', target_label: file, replacement: $1 }
`)
    await until('both', () => run.values(/^a\{file="targets-1\.json",from="file"/).length > 0 && run.values(/^a\{from="http"/).length > 0)
    replace(file, 'nonsense')
    await until('the complaint', () => run.scraper.view([1]).jobs[0]?.problems[0]?.startsWith(file) === true)
    expect(run.scraper.view([1]).targets).toHaveLength(2)
    exporter.answers.set('/sd', text('[]'))
    await until('the end of one', () => run.values(/^a\{from="http"/).at(-1) === 'STALE')
    rmSync(file)
    await until('the end of the other', () => run.values(/^a\{file=/).at(-1) === 'STALE')
    await until('no target', () => run.scraper.view([1]).targets.length === 0)
  })

  test('going down ends nothing: the program comes again', async () => {
    exporter.answers.set('/metrics', text('a 1\n'))
    const run = await scrape(patientJob(''))
    await run.target(isUp)
    await run[Symbol.asyncDispose]()
    expect(run.values(/./)).not.toContain('STALE')
  })
})

describe.skipIf(mayBeMissing('openssl', opensslPath))('TLS', () => {
  const key = join(folder, 'key.pem')
  const certificate = join(folder, 'cert.pem')
  beforeAll(() => {
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
    const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', certificate]
    execFileSync(opensslPath ?? '', ['req', '-x509', ...made, '-days', '2', ...subject], { stdio: 'ignore' })
  })

  test.each([
    ['', /self-signed certificate/],
    ['tls_config: { ca_file: cert.pem, server_name: localhost }', null],
    ['tls_config: { ca_file: cert.pem, server_name: example.org }', /does not match certificate/],
    ['tls_config: { insecure_skip_verify: true }', null],
  ])('%s', async (more, error) => {
    await using secure = await startExporter({ key: readFileSync(key, 'utf8'), cert: readFileSync(certificate, 'utf8') })
    secure.answers.set('/metrics', text('a 1\n'))
    await using run = await scrape(job(`scheme: https\n    ${more}`).replace(exporter.address, secure.address))
    if (error === null) await run.target(isUp)
    else await run.target((target) => isDown(target) && says(target, error))
  })
})
