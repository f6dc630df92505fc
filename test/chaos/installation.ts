/**
 * One data directory with the built program on it, which a test kills, hangs, stops and starts again. Warm from the beginning: it
 * holds samples of two days ago that only the engine can give, so a query for them tells whether the engine answers.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startBellwether, type RunningBellwether } from '../support/bellwether.ts'
import { sendGauges } from '../support/otlp-json.ts'
import { isAlive, processTree } from '../support/processes.ts'
import { until } from '../support/wait.ts'

export type Engine = 'ClickHouse' | 'PostgreSQL'

const oldMetric = 'chaos_old'
const oldMs = Date.now() - 2 * 86_400_000

const startOptions = {
  environment: { BELLWETHER_SELF_WATCH: 'off' },
  adminToken: 'chaos-token-for-the-fault-tests',
  ingestKey: 'c'.repeat(32),
}

/** Asks for samples that are not in the program's memory. */
export const engineQuery = `/api/v1/query?query=${encodeURIComponent(`count_over_time(${oldMetric}[1h])`)}&time=${oldMs / 1000 + 60}`
/** Reads PostgreSQL. */
export const accountsQuery = '/api/0/organizations/default/projects'

export class Installation implements AsyncDisposable {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'bellwether-chaos-'))
  #running: RunningBellwether | null = null

  static async open(): Promise<Installation> {
    const installation = new Installation()
    const running = await installation.start()
    const status = await sendGauges(running, oldMetric, [{ attributes: {}, timeMs: oldMs, value: 1 }])
    if (status !== 200) throw new Error(`the first sample was answered ${status}`)
    await installation.stop()
    await installation.start()
    return installation
  }

  get isDown(): boolean {
    return this.#running === null
  }

  /** Throws while it is down. */
  get running(): RunningBellwether {
    if (this.#running === null) throw new Error('the program is down')
    return this.#running
  }

  async start(): Promise<RunningBellwether> {
    this.#running = await startBellwether({ ...startOptions, dataDir: this.dataDir })
    return this.#running
  }

  /** Gives the exit code and how long it took, and leaves no process behind. */
  async stop(): Promise<{ code: number | null; tookMs: number }> {
    const { running } = this
    const pids = running.pids()
    const startedMs = performance.now()
    const code = await running.stop()
    const tookMs = performance.now() - startedMs
    this.#running = null
    await until('all processes to end', () => !pids.some(isAlive))
    return { code, tookMs }
  }

  /** SIGKILL to the program alone; its engines go by themselves. */
  async kill(): Promise<void> {
    await this.running.kill()
    this.#running = null
  }

  /** SIGKILL to the program and all its engines in one moment. */
  async killEverything(): Promise<void> {
    const { running } = this
    const pids = running.pids()
    for (const pid of pids) signal(pid, 'SIGKILL')
    await running.exited
    this.#running = null
    await until('everything killed to end', () => !pids.some(isAlive))
  }

  /** The engine's processes, the one that the program started first. */
  engine(engine: Engine): number[] {
    const { pid: program } = this.running
    const pattern = engine === 'ClickHouse' ? /child\.mjs/ : /postgres/
    const children = this.running.processes().filter(({ parentPid, command }) => parentPid === program && pattern.test(command))
    const top = children.find(({ command }) => !command.includes('bellwether-guard'))
    return top === undefined ? [] : processTree(top.pid).map(({ pid }) => pid)
  }

  /** A request with the administrator's token; null when it was not answered with 200 in time. */
  async ask(path: string, timeoutMs: number): Promise<string | null> {
    if (this.#running === null) return null
    try {
      const response = await this.#running.fetch(path, { signal: AbortSignal.timeout(timeoutMs) })
      const text = await response.text()
      return response.status === 200 ? text : null
    } catch {
      return null
    }
  }

  /** A counter or gauge without labels, as the program's own metrics have it. */
  async metric(name: string): Promise<number> {
    const response = await fetch(new URL('/metrics', this.running.url))
    const line = new RegExp(`^${name}(?:\\{\\})? (\\S+)$`, 'm').exec(await response.text())
    if (line === null) throw new Error(`there is no metric ${name}`)
    return Number(line[1])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const pid of this.#running?.pids() ?? []) signal(pid, 'SIGCONT')
    await this.#running?.kill()
    rmSync(this.dataDir, { recursive: true, force: true })
  }
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended.
  }
}
