/**
 * The same targets, named by the same scrape_configs, scraped here and by a real Prometheus; then both are asked the same. Scrapes are at
 * different times, so what is compared does not move: sets of series, labels, counts, values of what stands still, ends of what is gone.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exposedFamilies } from '../../apps/server/src/protocols/testing/exposition-bodies.ts'
import { startExporter, text, type Exporter } from '../integration/scrape/exporter.ts'
import { startBellwether, type RunningBellwether } from '../support/bellwether.ts'
import { asker, comparable, differences, type Ask } from '../support/prometheus-api.ts'
import { freePort } from '../support/ports.ts'
import { startPrometheusWith, type RunningPrometheus } from '../support/prometheus.ts'
import { mayBeMissing, nodeExporterPath, prometheusPath } from '../support/services.ts'
import { until } from '../support/wait.ts'

const fixture = `# HELP requests_total Requests, by "code".\\nAll.
# TYPE requests_total counter
requests_total{code="200",path="/a\\\\b"} 1.5e3
requests_total{code="500",path="say \\"hi\\"\\n"} 7
# TYPE latency_seconds histogram
latency_seconds_bucket{le="0.5"} 3
latency_seconds_bucket{le="+Inf"} 9
latency_seconds_sum 4.25
latency_seconds_count 9
# TYPE temperature gauge
temperature{job="clash",instance="own",exported_job="too"} -12.5
temperature{zone="Zürich"} NaN
untyped_thing +Inf
dropped_thing 1
renamed_thing{debug="yes"} 2
stamped_thing 7 ${Date.now() - 10_000}
`

const native = exposedFamilies([
  {
    name: 'spread',
    help: 'Native.',
    type: 4,
    metrics: [
      {
        labels: { a: 'b' },
        histogram: {
          count: 12,
          sum: 18.4,
          schema: 1,
          zeroThreshold: 0.001,
          zeroCount: 2,
          positiveSpans: [0, 2, 1, 2],
          positive: [1, 2, -1, 1],
        },
      },
    ],
  },
  { name: 'plain_total', type: 0, metrics: [{ value: 4 }] },
])

describe.skipIf(mayBeMissing('Prometheus', prometheusPath) || mayBeMissing('node_exporter', nodeExporterPath))(
  'scraping beside a real Prometheus',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'bellwether-scrape-e2e-'))
    const nodeExporter = { stop: (): void => {} }
    let exporter: Exporter
    let bellwether: RunningBellwether
    let prometheus: RunningPrometheus
    let askPrometheus: Ask
    let askBellwether: Ask

    beforeAll(async () => {
      exporter = await startExporter()
      exporter.answers.set('/metrics', text(fixture))
      exporter.answers.set('/probe?module=m', (_, out) =>
        out
          .writeHead(200, {
            'content-type': 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited',
          })
          .end(native),
      )
      const nodePort = await freePort()
      const child = spawn(nodeExporterPath ?? '', [`--web.listen-address=127.0.0.1:${nodePort}`], { stdio: 'ignore' })
      nodeExporter.stop = () => child.kill('SIGKILL')
      const jobs = scrapeConfigs(exporter.address, `127.0.0.1:${nodePort}`)
      const config = join(folder, 'scrape.yml')
      writeFileSync(config, `global: { scrape_interval: 1s, scrape_timeout: 1s, scrape_native_histograms: true }\n${jobs}`)
      ;[bellwether, prometheus] = await Promise.all([
        startBellwether({ environment: { BELLWETHER_SELF_WATCH: 'off', BELLWETHER_SCRAPE_CONFIG: config } }),
        startPrometheusWith(() => `global: { scrape_interval: 1s, scrape_timeout: 1s }\n${jobs}`, ['--enable-feature=native-histograms']),
      ])
      askPrometheus = asker(prometheus.url)
      askBellwether = asker(bellwether.url, bellwether.adminToken)
      for (const ask of [askPrometheus, askBellwether])
        await until(
          'every target to be scraped',
          async () => comparable(await ask('/api/v1/query', { query: 'scrape_duration_seconds' })).size === 4,
        )
    })

    afterAll(async () => {
      nodeExporter.stop()
      await Promise.all([prometheus?.[Symbol.asyncDispose](), bellwether?.[Symbol.asyncDispose]()])
      await exporter?.[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    })

    /** Both asked about the same time, until they say the same and say something: a rate is empty before a second sample. */
    async function agree(query: string): Promise<number> {
      const ask = async (): Promise<{ found: string[]; size: number }> => {
        const parameters = { query, time: String(Date.now() / 1000) }
        const [wanted, got] = await Promise.all([askPrometheus('/api/v1/query', parameters), askBellwether('/api/v1/query', parameters)])
        expect([wanted.status, got.status], query).toEqual(['success', 'success'])
        return { found: differences(comparable(wanted), comparable(got)), size: comparable(wanted).size }
      }
      // Each may have a series a second before the other.
      const agreed = async (): Promise<number | null> => {
        const { found, size } = await ask()
        return found.length === 0 && size > 0 ? size : null
      }
      return await until(`the same answer to ${query}`, agreed).catch(async (error: unknown) => {
        expect((await ask()).found, query).toEqual([])
        throw error
      })
    }

    test.each([
      'up',
      '{job="fixture", __name__!="scrape_duration_seconds"}',
      'scrape_samples_scraped{job!="node"}',
      'scrape_samples_post_metric_relabeling{job!="node"}',
      'rate(requests_total[5s]) * 0',
      'histogram_quantile(0.5, latency_seconds_bucket)',
      'histogram_count(spread)',
      'histogram_sum(spread)',
      // Within a native bucket Prometheus 2 interpolates in another way than 3.
      'histogram_sum(spread) / histogram_count(spread)',
      'plain_total',
      'count by (__name__, job) ({job="node"})',
      'group by (__name__, device, mountpoint, cpu, mode, quantile) ({__name__=~"node_(cpu|filesystem|network|disk).*|go_gc.*"})',
      'node_uname_info',
      'node_memory_MemTotal_bytes',
      'node_boot_time_seconds',
      'sum by (job) (up)',
    ])('%s', async (query) => {
      expect(await agree(query)).toBeGreaterThan(0)
    })

    test('the same targets, up and down and dropped', async () => {
      interface Targets {
        activeTargets: {
          scrapePool: string
          scrapeUrl: string
          labels: unknown
          discoveredLabels: unknown
          health: string
          scrapeInterval: string
        }[]
        droppedTargets: { discoveredLabels: Record<string, string> }[]
      }
      const targets = async (url: string, headers: Record<string, string>): Promise<Targets> =>
        ((await (await fetch(new URL('/api/v1/targets', url), { headers })).json()) as { data: Targets }).data
      const seen = ({ activeTargets, droppedTargets }: Targets): unknown => ({
        active: activeTargets
          .map(({ scrapePool, scrapeUrl, labels, discoveredLabels, health, scrapeInterval }) => ({
            scrapePool,
            scrapeUrl,
            labels,
            discoveredLabels,
            health,
            scrapeInterval,
          }))
          .toSorted((a, b) => (a.scrapePool < b.scrapePool ? -1 : 1)),
        dropped: droppedTargets.map(({ discoveredLabels }) => discoveredLabels),
      })
      const [wanted, got] = await Promise.all([
        targets(prometheus.url, {}),
        targets(bellwether.url, { authorization: `Bearer ${bellwether.adminToken}` }),
      ])
      expect(seen(got)).toEqual(seen(wanted))
      expect(got.activeTargets.map(({ health }) => health).toSorted()).toEqual(['down', 'up', 'up', 'up'])
      expect(got.droppedTargets).toHaveLength(1)
    })

    test('the same descriptions', async () => {
      for (const metric of ['requests_total', 'node_boot_time_seconds', 'go_gc_duration_seconds', 'spread']) {
        const wanted = (await (await fetch(`${prometheus.url}/api/v1/metadata?metric=${metric}`)).json()) as { data: unknown }
        const got = await until('the description', async () => {
          const answer = (await (await bellwether.fetch(`/api/v1/metadata?metric=${metric}`)).json()) as { data: Record<string, unknown> }
          return metric in answer.data ? answer : null
        })
        expect(got.data).toEqual(wanted.data)
      }
    })

    test('what vanishes is gone on both, and so is all of an exporter that stops', async () => {
      exporter.answers.set('/metrics', text(fixture.replace(/^untyped_thing.*\n/m, '')))
      await until(
        'the series to be gone',
        async () => comparable(await askPrometheus('/api/v1/query', { query: 'untyped_thing' })).size === 0,
      )
      await agree('{job="fixture", __name__!="scrape_duration_seconds"}')
      exporter.answers.delete('/metrics')
      await until(
        'the exporter to be down',
        async () => comparable(await askPrometheus('/api/v1/query', { query: 'up{job="fixture"} == 0' })).size === 1,
      )
      await agree('{job="fixture", __name__!~"scrape_.+"}')
      await agree('count by (job) ({__name__=~".+"}) > 10')
    })
  },
)

/** As someone would paste it. */
function scrapeConfigs(exporter: string, node: string): string {
  return `scrape_configs:
  - job_name: node
    static_configs:
      - targets: ['${node}']
        labels: { env: test }
  - job_name: fixture
    static_configs:
      - targets: ['${exporter}', 'left-out:1']
    relabel_configs:
      - { action: drop, source_labels: [__address__], regex: 'left-out.*' }
      - { source_labels: [__address__], target_label: shard, action: hashmod, modulus: 16 }
      - { source_labels: [__address__], target_label: port, regex: '.*:(\\d+)' }
    metric_relabel_configs:
      - { action: drop, source_labels: [__name__], regex: 'dropped_.*' }
      - { source_labels: [__name__], regex: '(re)named_thing', target_label: __name__, replacement: '$\{1}labelled' }
      - { action: labeldrop, regex: debug }
  - job_name: native
    metrics_path: /probe
    params: { module: [m] }
    static_configs: [{ targets: ['${exporter}'] }]
  - job_name: gone
    static_configs: [{ targets: ['127.0.0.1:1'] }]
`
}
