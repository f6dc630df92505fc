/** Finds beforehand what would stop a start: one check a line, each with what to do about it. Changes nothing but makes the data directory. */
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { systemClock } from '../kernel/clock.ts'
import { isAppError } from '../kernel/errors.ts'
import { silentLogger } from '../kernel/log.ts'
import { findLibrary } from './clickhouse/embedded/library.ts'
import { openClickHouse } from './clickhouse/open.ts'
import { dataDirectoryHolder, freeBytes, makeUsable } from './data-directory.ts'
import { machineMemoryBytes } from './memory-budget.ts'
import { findPostgres } from './postgres/binaries.ts'
import { openPostgres } from './postgres/open.ts'
import { decideRunAs } from './postgres/run-as.ts'

export interface DoctorCheck {
  readonly name: string
  readonly status: 'ok' | 'warn' | 'fail'
  readonly detail: string
  /** What to do; null when nothing is wrong. */
  readonly fix: string | null
}

export interface DoctorSettings {
  readonly dataDir: string
  readonly clickhouseUrl: string | null
  readonly postgresUrl: string | null
  /** Addresses to listen on. A required one in use is a failure, another a warning. Port 0 is not tried. */
  readonly listeners: readonly { readonly name: string; readonly host: string; readonly port: number; readonly required: boolean }[]
}

type Finding = Omit<DoctorCheck, 'name'>

/** Oldest Node that works: `[major, minor]`. */
const nodeMin = [20, 19] as const
const gibibyte = 1024 ** 3
/** Below these a start works and a busy hour may not. */
const memoryComfortBytes = 2 * gibibyte
const diskComfortBytes = 5 * gibibyte

/** Runs every check, in the order in which they matter. Never rejects: a check that breaks is a failed check. */
export async function diagnose(settings: DoctorSettings): Promise<DoctorCheck[]> {
  const { clickhouseUrl, postgresUrl, dataDir, listeners } = settings
  const checks: [name: string, run: () => Finding | Promise<Finding>][] = [
    ['Node.js', () => checkNode(process.versions.node)],
    ['Memory', checkMemory],
    ['Data directory', () => checkDataDirectory(dataDir)],
    ['Disk space', () => checkDisk(dataDir)],
    clickhouseUrl === null ? ['ClickHouse (embedded)', checkLibrary] : ['ClickHouse (address)', () => checkClickHouse(clickhouseUrl)],
    postgresUrl === null
      ? ['PostgreSQL (embedded)', () => checkPostgresPrograms(dataDir)]
      : ['PostgreSQL (address)', () => checkPostgres(postgresUrl)],
    ...listeners
      .filter(({ port }) => port !== 0)
      .map(({ name, host, port, required }): [string, () => Promise<Finding>] => [
        `Port ${port} (${name})`,
        () => checkPort(host, port, required),
      ]),
  ]
  const found: DoctorCheck[] = []
  for (const [name, run] of checks) found.push({ name, ...(await settle(run)) })
  return found
}

async function settle(run: () => Finding | Promise<Finding>): Promise<Finding> {
  try {
    return await run()
  } catch (error) {
    if (isAppError(error)) return fail(error.publicText, error.hint)
    return fail(error instanceof Error ? error.message : String(error), null)
  }
}

const ok = (detail: string): Finding => ({ status: 'ok', detail, fix: null })
const warn = (detail: string, fix: string): Finding => ({ status: 'warn', detail, fix })
const fail = (detail: string, fix: string | null): Finding => ({ status: 'fail', detail, fix })

/** `version` as in `20.19.0`. */
export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > nodeMin[0] || (major === nodeMin[0] && minor >= nodeMin[1])) return ok(version)
  return fail(`${version} is too old`, `Install Node.js ${nodeMin.join('.')} or later.`)
}

function checkMemory(): Finding {
  const total = machineMemoryBytes()
  const detail = `${inGibibytes(total)} for this machine or container`
  return total < memoryComfortBytes ? warn(detail, 'Works with small amounts of data; 2 GB or more is comfortable.') : ok(detail)
}

async function checkDataDirectory(path: string): Promise<Finding> {
  makeUsable(resolve(path))
  const holder = await dataDirectoryHolder(path)
  if (holder === null) return ok(`${resolve(path)} can be written`)
  const who = holder === 0 ? 'a running Bellwether' : `a running Bellwether (process ${holder})`
  return warn(`${resolve(path)} is in use by ${who}`, 'A second one needs another BELLWETHER_DATA_DIR.')
}

function checkDisk(path: string): Finding {
  const free = freeBytes(existingAbove(resolve(path)))
  const detail = `${inGibibytes(free)} free`
  return free < diskComfortBytes ? warn(detail, 'When it is used up, new data is refused until there is room.') : ok(detail)
}

function existingAbove(path: string): string {
  return existsSync(path) ? path : existingAbove(dirname(path))
}

function checkLibrary(): Finding {
  findLibrary()
  return ok(`library for ${process.platform}-${process.arch} found`)
}

function checkPostgresPrograms(dataDir: string): Finding {
  const { postgres } = findPostgres()
  const { owner } = decideRunAs([join(resolve(dataDir), 'postgres'), postgres], silentLogger)
  return ok(`programs for ${process.platform}-${process.arch} found${owner === null ? '' : `, to run as user ${owner.uid}`}`)
}

async function checkClickHouse(url: string): Promise<Finding> {
  const unused = { dataDir: '', database: 'default', memoryMaxBytes: gibibyte, cluster: null }
  await using engine = await openClickHouse({ ...unused, url, logger: silentLogger, clock: systemClock })
  return ok(`${engine.version} at ${engine.address}`)
}

async function checkPostgres(url: string): Promise<Finding> {
  await using engine = await openPostgres({ url, dataDir: '', logger: silentLogger, clock: systemClock })
  return ok(`${engine.version} at ${engine.address}`)
}

function checkPort(host: string, port: number, required: boolean): Promise<Finding> {
  return new Promise((done) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'is in use by another program' : `cannot be used (${error.code ?? error.message})`
      const fix = 'End the other program, or set another port.'
      done(required ? fail(`${host}:${port} ${why}`, fix) : warn(`${host}:${port} ${why}; this listener will be left out`, fix))
    })
    server.listen(port, host, () => server.close(() => done(ok(`${host}:${port} is free`))))
  })
}

function inGibibytes(bytes: number): string {
  return `${(bytes / gibibyte).toFixed(1)} GB`
}
