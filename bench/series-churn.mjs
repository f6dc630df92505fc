/**
 * `node bench/series-churn.mjs`: new series all the time. Starts the built program on a fresh data directory, sends `--rate` series a minute
 * that were never there before (one sample each, ten labels) for `--minutes` minutes, and prints every half minute: RSS by process, series in
 * the index, resting and expired ones, refused points, and the longest time an idle request waited (the event loop's pauses). At the end it
 * asks for series of the first minute, which have left memory long ago.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { ProtoWriter } from './peers/proto-writer.mjs'
import { memoryMib, processTree, roleOf, treeCpuSec } from './process-tree.mjs'
import { startProgram } from './program.mjs'

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '100000' },
    minutes: { type: 'string', default: '15' },
    memory: { type: 'string', default: '2GiB' },
    'series-max': { type: 'string', default: '1000000' },
  },
})
const token = 'token-of-the-measurement'
const headers = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy', 'x-prometheus-remote-write-version': '0.1.0' }
const seriesPerBody = 2000

function labelsOf(index) {
  return [
    ['__name__', `requests_${index % 10}`],
    ['arch', index % 2 === 0 ? 'x64' : 'arm64'],
    ['datacenter', `eu-central-1${'abc'[index % 3]}`],
    ['os', 'Debian12'],
    ['pod', `pod-${index.toString(36).padStart(8, '0')}`],
    ['rack', `${index % 100}`],
    ['region', 'eu-central-1'],
    ['service', `${index % 20}`],
    ['team', ['SF', 'NYC', 'LON', 'CHI'][index % 4]],
    ['zone', `${index % 7}`],
  ]
}

/** Snappy's block format, all of it literals. */
function packed(raw) {
  const out = new ProtoWriter(raw.length + 64).varint(raw.length)
  for (let at = 0; at < raw.length; at += 65_536) {
    const part = raw.subarray(at, at + 65_536)
    out.raw(Buffer.of(61 << 2, (part.length - 1) & 255, (part.length - 1) >> 8)).raw(part)
  }
  return out.take()
}

function bodyOf(from, to, timeMs) {
  const body = new ProtoWriter(1 << 20)
  const series = new ProtoWriter(1024)
  const part = new ProtoWriter(256)
  for (let index = from; index < to; index++) {
    for (const [name, value] of labelsOf(index)) {
      const label = part.textField(1, name).textField(2, value).take()
      series.varint(10).varint(label.length).raw(label)
    }
    const sample = part.varint(9).double(index).varint(16).varint(timeMs).take()
    series.varint(18).varint(sample.length).raw(sample)
    const one = series.take()
    body.varint(10).varint(one.length).raw(one)
  }
  return packed(body.take())
}

function start(dataDir) {
  return startProgram(dataDir, {
    BELLWETHER_SELF_WATCH: 'off',
    BELLWETHER_ADMIN_TOKEN: token,
    BELLWETHER_SERIES_MAX: values['series-max'],
    BELLWETHER_MEMORY_MAX: values.memory,
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('BELLWETHER_'))),
  })
}

async function gaugesOf(url) {
  const text = await (await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } })).text()
  const read = (name) => {
    let sum = 0
    for (const line of text.split('\n'))
      if (line.startsWith(`${name} `) || line.startsWith(`${name}{`)) sum += Number(line.slice(line.lastIndexOf(' ')))
    return sum
  }
  return {
    series: read('bellwether_series'),
    resting: read('bellwether_series_resting'),
    expired: read('bellwether_series_expired_total'),
    seriesMib: read('bellwether_series_bytes') / 2 ** 20,
  }
}

async function run(dataDir) {
  const { child, ended, url } = await start(dataDir)
  const perSecond = Number(values.rate) / 60
  const endMs = performance.now() + Number(values.minutes) * 60_000
  const startedMs = performance.now()
  const firstMs = Date.now()
  let sent = 0
  let refused = 0
  let longestMs = 0
  let running = true
  const watching = (async () => {
    while (running) {
      const askedMs = performance.now()
      await fetch(`${url}/healthz`).then((answer) => answer.text())
      longestMs = Math.max(longestMs, performance.now() - askedMs)
      await sleep(20)
    }
  })()
  let printedMs = startedMs
  console.log(`${values.rate} new series a minute, memory ${values.memory}, load ${loadavg()[0].toFixed(1)}`)
  console.log(
    '| minute | sent | in the index | resting | expired | refused | series MiB | RSS MiB | node | engine | longest wait ms | CPU s |',
  )
  console.log('|---|---|---|---|---|---|---|---|---|---|---|---|')
  while (performance.now() < endMs) {
    const due = Math.floor(((performance.now() - startedMs) / 1000) * perSecond)
    if (due - sent < seriesPerBody) await sleep(20)
    else {
      const answer = await fetch(`${url}/api/v1/write`, { method: 'POST', headers, body: bodyOf(sent, sent + seriesPerBody, Date.now()) })
      await answer.text()
      if (answer.ok) sent += seriesPerBody
      else if (answer.status === 429 || answer.status === 503) await sleep(200)
      else {
        refused += seriesPerBody
        sent += seriesPerBody
      }
    }
    if (performance.now() - printedMs < 30_000) continue
    printedMs = performance.now()
    const byRole = new Map()
    for (const { pid } of processTree(child.pid))
      byRole.set(roleOf(pid, child.pid), (byRole.get(roleOf(pid, child.pid)) ?? 0) + memoryMib(pid).rss)
    const total = [...byRole.values()].reduce((sum, rss) => sum + rss, 0)
    const roles = [...byRole.entries()]
    const [node] = roles[0] ?? []
    const { series, resting, expired, seriesMib } = await gaugesOf(url)
    const engine = roles.find(([role]) => /click/i.test(role))?.[1] ?? 0
    const cells = [
      ((printedMs - startedMs) / 60_000).toFixed(1),
      sent,
      series,
      resting,
      expired,
      refused,
      seriesMib.toFixed(0),
      total.toFixed(0),
      (byRole.get(node) ?? 0).toFixed(0),
      engine.toFixed(0),
      longestMs.toFixed(0),
      treeCpuSec(child.pid).toFixed(0),
    ]
    console.log(`| ${cells.join(' | ')} |`)
    longestMs = 0
  }
  running = false
  await watching
  const ask = async (query, timeMs) => {
    const askedMs = performance.now()
    const answer = await fetch(`${url}/api/v1/query?time=${timeMs / 1000}&query=${encodeURIComponent(query)}`, {
      headers: { authorization: `Bearer ${token}` },
    }).then((response) => response.json())
    console.log(
      `${query} at the first minute: ${JSON.stringify(answer.data?.result ?? answer).slice(0, 200)} in ${(performance.now() - askedMs).toFixed(0)} ms`,
    )
  }
  for (let i = 0; i < 2; i++) {
    await ask('count(requests_3)', firstMs + 60_000)
    await ask(`requests_7{pod="pod-${(17).toString(36).padStart(8, '0')}"}`, firstMs + 60_000)
    await ask('count({team="SF",zone!~"[1-6]"})', firstMs + 60_000)
  }
  child.kill('SIGTERM')
  await ended
}

const dataDir = mkdtempSync(join(tmpdir(), 'bellwether-churn-'))
try {
  await run(dataDir)
} finally {
  rmSync(dataDir, { recursive: true, force: true })
}
