/** What a running Bellwether shows of itself from outside, at one moment: memory, files, parts, queue, CPU. */
import { readdirSync, readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { Connection } from '../peers/connection.mjs'
import { processTree, roleOf } from '../process-tree.mjs'

/** Its own metrics that are read, and what they are called here. */
const ownMetrics = {
  bellwether_ingest_queue_bytes: 'queueMib',
  bellwether_ingest_queue_segments: 'queueSegments',
  bellwether_ingest_queue_oldest_seconds: 'queueOldestSec',
  bellwether_head_bytes: 'headMib',
  bellwether_head_hidden_samples: 'hiddenSamples',
  bellwether_intake_bytes: 'inFlightMib',
  bellwether_series: 'series',
}

/** `store` of the data directory; the tables that ingest writes to. */
const tables = ['samples', 'series_seen', 'histograms', 'metric_metadata']

export class Vitals {
  #server
  #connection
  #cpuBefore = null
  #atMs = 0

  constructor(server) {
    this.#server = server
    this.#connection = new Connection(server.url)
  }

  /** One row of numbers; CPU is that since the last call, per cent of a core. */
  async look() {
    const row = { ...this.#processes(), ...partsOf(this.#server.scratch.data) }
    const { status, body } = await this.#connection.send('/metrics', { headers: this.#server.queryHeaders })
    if (status !== 200) throw new Error(`/metrics was answered ${status}`)
    for (const line of body.toString('utf8').split('\n')) {
      const [name, value] = line.split(' ')
      const known = ownMetrics[name]
      if (known !== undefined) row[known] = known.endsWith('Mib') ? Number(value) / 1024 ** 2 : Number(value)
    }
    return row
  }

  #processes() {
    const { pid: rootPid } = this.#server
    const row = { rssProgramMib: 0, rssClickHouseMib: 0, rssPostgresMib: 0, files: 0, cpuProgram: 0, cpuClickHouse: 0 }
    const cpu = { program: 0, clickHouse: 0 }
    for (const { pid, cpuSec } of processTree(rootPid)) {
      const role = roleOf(pid, rootPid)
      const rssMib = rssMibOf(pid)
      row.files += openFiles(pid)
      if (role === 'bellwether') {
        row.rssProgramMib += rssMib
        cpu.program += cpuSec
      } else if (role === 'ClickHouse') {
        row.rssClickHouseMib += rssMib
        cpu.clickHouse += cpuSec
      } else if (role === 'PostgreSQL') row.rssPostgresMib += rssMib
    }
    const nowMs = performance.now()
    if (this.#cpuBefore !== null) {
      row.cpuProgram = (100_000 * (cpu.program - this.#cpuBefore.program)) / (nowMs - this.#atMs)
      row.cpuClickHouse = (100_000 * (cpu.clickHouse - this.#cpuBefore.clickHouse)) / (nowMs - this.#atMs)
    }
    this.#cpuBefore = cpu
    this.#atMs = nowMs
    return row
  }

  close() {
    this.#connection.close()
  }
}

const pagesPerMib = 256

/** One small file, where the sum over the page tables would stop the process for a moment. */
function rssMibOf(pid) {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) / pagesPerMib
  } catch {
    return 0
  }
}

function openFiles(pid) {
  try {
    return readdirSync(`/proc/${pid}/fd`).length
  } catch {
    return 0
  }
}

/** Parts as their folders show them: those in use, and merges under way. A part that a merge has replaced stays for some minutes. */
function partsOf(dataDir) {
  let parts = 0
  let merges = 0
  for (const table of tables) {
    let names
    try {
      names = readdirSync(realpathSync(join(dataDir, 'clickhouse/store/data/bellwether', table)))
    } catch {
      continue
    }
    merges += names.filter((name) => name.startsWith('tmp_merge_')).length
    const known = names.map(parsePart).filter((part) => part !== null)
    parts += known.filter((part) => !known.some((other) => replaces(other, part))).length
  }
  return { parts, merges }
}

/** `<partition>_<first block>_<last block>_<level>` */
function parsePart(name) {
  const match = /^([^_]+)_(\d+)_(\d+)_(\d+)$/.exec(name)
  return match === null ? null : { partition: match[1], first: Number(match[2]), last: Number(match[3]), level: Number(match[4]) }
}

function replaces(other, part) {
  return other.partition === part.partition && other.level > part.level && other.first <= part.first && other.last >= part.last
}
