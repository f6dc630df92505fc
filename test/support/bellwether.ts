/** The real, built program, started as a user would start it: own process, own ports, own data directory. */
import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isAlive, processTree, type ProcessInfo } from './processes.ts'
import { until } from './wait.ts'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const program = join(root, 'apps/server/bin/bellwether.mjs')
/** Another Node to run the program on; see scripts/test-node.mjs. */
const node = process.env['BELLWETHER_TEST_NODE'] ?? process.execPath

export interface StartOptions {
  /** Kept after the end, and used again by a later start; without it a temporary one that goes with the program. */
  readonly dataDir?: string
  /** Settings beside those that every test needs, by their full names. */
  readonly environment?: Readonly<Record<string, string>>
  readonly readyTimeoutMs?: number
  readonly adminToken?: string
  readonly ingestKey?: string
  /** Extra arguments after `serve`. */
  readonly args?: readonly string[]
}

export interface RunningBellwether extends AsyncDisposable {
  readonly url: string
  readonly adminToken: string
  readonly ingestKey: string
  readonly dataDir: string
  readonly pid: number
  /** Milliseconds from the start of the process to its ready line. */
  readonly readyMs: number
  /** Everything printed so far. */
  stdout(): string
  stderr(): string
  /** The program and all its descendants, as they are now. */
  processes(): ProcessInfo[]
  pids(): number[]
  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null>
  /** SIGKILL to the program alone; resolves when it and (as they should by themselves) its children are gone. */
  kill(): Promise<void>
  /** Resolves when the program has ended, however it came. */
  readonly exited: Promise<number | null>
  /** A request with the administrator's token. */
  fetch(path: string, init?: RequestInit): Promise<Response>
}

export interface ProgramRun {
  readonly child: ChildProcess
  readonly pid: number
  readonly exited: Promise<number | null>
  stdout(): string
  stderr(): string
}

/** Runs the command line with nothing of this machine's settings in its environment. */
export function runBellwether(args: readonly string[], environment: Readonly<Record<string, string>> = {}): ProgramRun {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('BELLWETHER_') && !/^(VITEST|NODE_OPTIONS|NODE_ENV)/.test(name),
  )
  const env = { ...Object.fromEntries(inherited), ...environment }
  const child = spawn(node, [program, ...args], { cwd: tmpdir(), env, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const exited = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)))
  if (child.pid === undefined) throw new Error(`${program} cannot be started`)
  return { child, pid: child.pid, exited, stdout: () => stdout, stderr: () => stderr }
}

/** The settings that keep a test's program to itself. */
export function testSettings(dataDir: string, keys: { adminToken: string; ingestKey: string }): Record<string, string> {
  return {
    BELLWETHER_PORT: '0',
    BELLWETHER_DATA_DIR: dataDir,
    BELLWETHER_ADMIN_TOKEN: keys.adminToken,
    BELLWETHER_INGEST_KEY: keys.ingestKey,
    BELLWETHER_OTLP_GRPC_PORT: '0',
    BELLWETHER_OTLP_HTTP_PORT: '0',
    BELLWETHER_STATSD_PORT: '0',
  }
}

const readyLine = /Bellwether is ready at (http:\/\/\S+)/

/** Starts the program and waits for its ready line. A program that ends before is an error with all it said. */
export async function startBellwether(options: StartOptions = {}): Promise<RunningBellwether> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'bellwether-test-'))
  const adminToken = options.adminToken ?? `test-${randomBytes(16).toString('hex')}`
  const ingestKey = options.ingestKey ?? randomBytes(16).toString('hex')
  const startedMs = performance.now()
  const settings = { ...testSettings(dataDir, { adminToken, ingestKey }), ...options.environment }
  const run = runBellwether(['serve', ...(options.args ?? [])], settings)
  const ended = { code: null as number | null, yes: false }
  void run.exited.then((code) => Object.assign(ended, { code, yes: true }))
  const url = await until(
    'the ready line',
    () => readyLine.exec(run.stdout())?.[1] ?? (ended.yes ? 'ended' : null),
    options.readyTimeoutMs ?? 120_000,
  ).catch(async (error: unknown) => {
    await killTree(run.pid)
    throw new Error(`${String(error)}\n${said(run)}`)
  })
  if (url === 'ended') throw new Error(`Bellwether ended with ${ended.code} before it was ready\n${said(run)}`)
  const readyMs = performance.now() - startedMs
  const running: RunningBellwether = {
    url,
    adminToken,
    ingestKey,
    dataDir,
    pid: run.pid,
    readyMs,
    stdout: run.stdout,
    stderr: run.stderr,
    exited: run.exited,
    processes: () => processTree(run.pid),
    pids: () => processTree(run.pid).map(({ pid }) => pid),
    async stop() {
      if (!ended.yes) run.child.kill('SIGTERM')
      return await run.exited
    },
    async kill() {
      const pids = processTree(run.pid).map(({ pid }) => pid)
      if (!ended.yes) run.child.kill('SIGKILL')
      await run.exited
      await until('the children of the killed program to end', () => pids.every((pid) => !isAlive(pid)))
    },
    fetch: (path, init = {}) =>
      fetch(new URL(path, url), { ...init, headers: { authorization: `Bearer ${adminToken}`, ...plainHeaders(init) } }),
    async [Symbol.asyncDispose]() {
      await running.stop()
      if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true })
    },
  }
  return running
}

function plainHeaders(init: RequestInit): Record<string, string> {
  return Object.fromEntries(new Headers(init.headers))
}

function said(run: ProgramRun): string {
  return `--- standard output\n${run.stdout()}\n--- standard error\n${run.stderr()}`
}

async function killTree(pid: number): Promise<void> {
  const pids = processTree(pid).map((info) => info.pid)
  for (const each of pids) {
    try {
      process.kill(each, 'SIGKILL')
    } catch {
      // Already gone.
    }
  }
  await until('the tree to end', () => pids.every((each) => !isAlive(each)))
}
