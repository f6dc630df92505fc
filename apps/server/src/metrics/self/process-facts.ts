/** CPU time and memory of our processes, from `/proc` on Linux; elsewhere of this process only. */
import { readFile, readdir } from 'node:fs/promises'
import type { LabelledValue } from './absolute-counter.ts'

/** A process of ours; `pid` is null while it is not running. */
export interface WatchedProcess {
  readonly name: string
  readonly pid: number | null
}

/** `sysconf(_SC_CLK_TCK)` on every Linux that Node runs on. */
const ticksPerSecond = 100
const pageBytes = 4096

export interface ProcessFacts {
  readonly cpuSeconds: number
  /** Of children that ended. */
  readonly endedChildrenCpuSeconds: number
  readonly residentBytes: number
  readonly threads: number
  readonly startTimeSeconds: number
}

/** Parses `/proc/<pid>/stat` (proc(5)); the name in parentheses may hold anything. Null when it is not such a line. */
export function parseProcessStat(text: string, bootTimeSec: number): ProcessFacts | null {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const number = (field: number): number => Number(fields[field - 3])
  const facts = {
    cpuSeconds: (number(14) + number(15)) / ticksPerSecond,
    endedChildrenCpuSeconds: (number(16) + number(17)) / ticksPerSecond,
    residentBytes: number(24) * pageBytes,
    threads: number(20),
    startTimeSeconds: bootTimeSec + number(22) / ticksPerSecond,
  }
  return Object.values(facts).every(Number.isFinite) ? facts : null
}

async function bootTimeSec(): Promise<number> {
  const match = /^btime (\d+)$/m.exec(await readFile('/proc/stat', 'utf8'))
  return match === null ? NaN : Number(match[1])
}

async function factsOf(pid: number): Promise<ProcessFacts | null> {
  try {
    return parseProcessStat(await readFile(`/proc/${pid}/stat`, 'utf8'), await bootTimeSec())
  } catch {
    if (pid !== process.pid) return null
    const { user, system } = process.cpuUsage()
    const startTimeSeconds = Date.now() / 1000 - process.uptime()
    return {
      cpuSeconds: (user + system) / 1e6,
      endedChildrenCpuSeconds: 0,
      residentBytes: process.memoryUsage.rss(),
      threads: NaN,
      startTimeSeconds,
    }
  }
}

/** A process and its children (a database server is many processes), together. */
async function withChildren(pid: number): Promise<number[]> {
  const out = [pid]
  try {
    for (const task of await readdir(`/proc/${pid}/task`)) {
      const children = await readFile(`/proc/${pid}/task/${task}/children`, 'utf8')
      for (const child of children.split(' ')) if (child !== '') out.push(...(await withChildren(Number(child))))
    }
  } catch {
    // Gone meanwhile, or a platform without /proc.
  }
  return out
}

/** Reads `pick` of every process that runs, labelled `process`. */
export async function readProcesses(processes: readonly WatchedProcess[], pick: (facts: ProcessFacts) => number): Promise<LabelledValue[]> {
  const out: LabelledValue[] = []
  for (const { name, pid } of processes) {
    const facts = pid === null ? null : await factsOf(pid)
    if (facts !== null && Number.isFinite(pick(facts))) out.push({ labels: { process: name }, value: pick(facts) })
  }
  return out
}

/** Processor time with that of children, running or ended. This process' children are watched under their own names, so not for it. */
export async function readCpuSeconds(processes: readonly WatchedProcess[]): Promise<LabelledValue[]> {
  const out: LabelledValue[] = []
  for (const { name, pid } of processes) {
    if (pid === null) continue
    const isSelf = pid === process.pid
    let total = 0
    for (const one of isSelf ? [pid] : await withChildren(pid)) {
      const facts = await factsOf(one)
      if (facts !== null) total += facts.cpuSeconds + (isSelf ? 0 : facts.endedChildrenCpuSeconds)
    }
    out.push({ labels: { process: name }, value: total })
  }
  return out
}
