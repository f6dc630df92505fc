/**
 * What a scraped sample costs. One exporter (this process, whose time does not count) shows a body that never changes, gzipped once; the built
 * program scrapes it every two seconds, then a Prometheus does, alone. `--series <n>` (100000), `--seconds <n>` (24) measured after the first
 * two scrapes, `--prometheus <path>` (`prometheus` on the PATH), `--only bellwether|prometheus`.
 */
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { build } from '../scripts/build.mjs'
import { treeCpuSec } from './process-tree.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const { values } = parseArgs({
  options: {
    series: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: '24' },
    prometheus: { type: 'string', default: 'prometheus' },
    only: { type: 'string', default: '' },
    'no-build': { type: 'boolean', default: false },
  },
})
const [seriesCount, seconds] = [values.series, values.seconds].map(Number)
const intervalSec = 2

/** Counters, gauges and histograms of services, with the labels that such series have. */
function exposition() {
  const lines = []
  for (let family = 0; lines.length < seriesCount; family++) {
    lines.push(`# HELP http_requests_${family}_total Requests that family ${family} took.`, `# TYPE http_requests_${family}_total counter`)
    for (let i = 0; i < 200; i++)
      lines.push(
        `http_requests_${family}_total{method="${i % 2 === 0 ? 'GET' : 'POST'}",route="/api/v1/orders/${i}",code="${200 + (i % 5)}",zone="eu-west-1"} ${i * 1001 + family}`,
      )
    lines.push(`# TYPE duration_${family}_seconds histogram`)
    for (let i = 0; i < 12; i++)
      for (const le of ['0.005', '0.05', '0.5', '5', '+Inf'])
        lines.push(`duration_${family}_seconds_bucket{route="/api/${i}",le="${le}"} ${i * 77}`)
    lines.push(
      `# TYPE load_${family} gauge`,
      ...Array.from({ length: 20 }, (_, i) => `load_${family}{cpu="${i}"} ${(i * 0.37).toFixed(2)}`),
    )
  }
  return `${lines.join('\n')}\n`
}

const plain = exposition()
const samples = plain.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length
const packed = gzipSync(plain)
let scrapes = 0
const exporter = createServer((_, response) => {
  scrapes++
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4', 'content-encoding': 'gzip' }).end(packed)
})
await new Promise((resolve) => exporter.listen(0, '127.0.0.1', resolve))
const jobs = `global: { scrape_interval: ${intervalSec}s }
scrape_configs: [{ job_name: bench, static_configs: [{ targets: ['127.0.0.1:${exporter.address().port}'] }] }]
`

function startProgram(name, folder) {
  const config = join(folder, 'scrape.yml')
  writeFileSync(config, jobs)
  if (name === 'prometheus') {
    const args = [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'data')}`, '--web.listen-address=127.0.0.1:0']
    return spawn(values.prometheus, args, { stdio: 'ignore' })
  }
  const settings = {
    BELLWETHER_PORT: '0',
    BELLWETHER_DATA_DIR: join(folder, 'data'),
    BELLWETHER_OTLP_GRPC_PORT: '0',
    BELLWETHER_OTLP_HTTP_PORT: '0',
    BELLWETHER_STATSD_PORT: '0',
    BELLWETHER_SELF_WATCH: 'off',
    BELLWETHER_SCRAPE_CONFIG: config,
  }
  const program = join(root, 'apps/server/bin/bellwether.mjs')
  return spawn(process.execPath, [program, 'serve'], { env: { ...process.env, ...settings }, stdio: 'ignore' })
}

async function untilScrape(count) {
  while (scrapes < count) await sleep(20)
}

async function measure(name) {
  const folder = mkdtempSync(join(tmpdir(), 'bellwether-bench-scrape-'))
  scrapes = 0
  const child = startProgram(name, folder)
  const ended = new Promise((resolve) => child.once('close', resolve))
  await untilScrape(3)
  const [cpuBefore, scrapesBefore] = [treeCpuSec(child.pid), scrapes]
  await untilScrape(scrapesBefore + Math.round(seconds / intervalSec))
  const cpuSec = treeCpuSec(child.pid) - cpuBefore
  const millions = ((scrapes - scrapesBefore) * samples) / 1e6
  child.kill('SIGTERM')
  await ended
  rmSync(folder, { recursive: true, force: true })
  console.log(
    `${name}: ${cpuSec.toFixed(2)} CPU s for ${millions.toFixed(2)} million samples: ${(cpuSec / millions).toFixed(2)} s a million`,
  )
}

if (!values['no-build']) await build()
console.log(
  `${samples} samples a scrape, ${(plain.length / 1e6).toFixed(1)} MB (${(packed.length / 1e6).toFixed(2)} MB gzipped), every ${intervalSec} s`,
)
for (const name of ['bellwether', 'prometheus']) if (values.only === '' || values.only === name) await measure(name)
exporter.close()
