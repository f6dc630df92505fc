/**
 * The files of the embedded PostgreSQL: `<dataDir>/postgres/data` (the cluster), `password` beside it, `run/` (the socket).
 * It listens on a Unix socket only: no port to collide, nothing on the network, and the same path after every restart.
 */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { AppError } from '../../kernel/errors.ts'
import { engineStartFailed } from '../errors.ts'
import type { PostgresBinaries } from './binaries.ts'
import type { RunAs } from './run-as.ts'

export interface Cluster {
  readonly data: string
  readonly socketFolder: string
  readonly password: string
  /** Removes the socket's folder when it is a temporary one. */
  readonly forget: () => void
}

export const superuser = 'bellwether'

/** Longest path of a Unix socket on every system we run on, less the name of the socket itself. */
const socketFolderCharsMax = 80

/** Small, durable, and quiet when idle. Names: PostgreSQL docs, "Server Configuration". */
const settings: Readonly<Record<string, string>> = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  port: '5432',
  max_connections: '40',
  shared_buffers: '32MB',
  work_mem: '4MB',
  maintenance_work_mem: '16MB',
  huge_pages: 'off',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  wal_level: 'minimal',
  max_wal_senders: '0',
  min_wal_size: '32MB',
  max_wal_size: '256MB',
  // Nothing runs in parallel and nothing is replicated: no processes for it.
  io_method: 'sync',
  max_worker_processes: '1',
  max_parallel_workers: '0',
  max_parallel_workers_per_gather: '0',
  max_logical_replication_workers: '0',
  autovacuum_max_workers: '1',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_min_messages: 'warning',
}

/** Makes the cluster when there is none. Errors: `engine.start_failed`. */
export async function openCluster(dataDir: string, binaries: PostgresBinaries, runAs: RunAs): Promise<Cluster> {
  const folder = join(dataDir, 'postgres')
  const data = join(folder, 'data')
  const passwordFile = join(folder, 'password')
  makeOwnFolder(folder, runAs)
  if (!existsSync(data)) await createCluster({ folder, data, passwordFile }, binaries, runAs)
  const socket = socketFolder(folder, runAs)
  return { data, password: readPassword(passwordFile), ...socket }
}

/** The command line of the server. */
export function serverCommand(cluster: Cluster, binaries: PostgresBinaries, runAs: RunAs): { command: string; args: readonly string[] } {
  const options = Object.entries({ ...settings, unix_socket_directories: cluster.socketFolder })
  const args = ['-D', cluster.data, ...options.flatMap(([name, value]) => ['-c', `${name}=${value}`])]
  return prefixed(runAs, binaries.postgres, args)
}

interface ClusterPaths {
  readonly folder: string
  readonly data: string
  readonly passwordFile: string
}

/** Atomic: made beside and moved into place, so that a crash in the middle leaves no half cluster. */
async function createCluster(paths: ClusterPaths, binaries: PostgresBinaries, runAs: RunAs): Promise<void> {
  const { folder, data, passwordFile } = paths
  const unfinished = `${data}.new`
  rmSync(unfinished, { recursive: true, force: true })
  writeFileSync(passwordFile, `${randomBytes(24).toString('hex')}\n`, { mode: 0o600 })
  giveAway(passwordFile, runAs)
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
  const { command, args } = prefixed(runAs, binaries.initdb, [
    `--pgdata=${unfinished}`,
    `--username=${superuser}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    ...locale,
  ])
  try {
    await promisify(execFile)(command, args, {
      cwd: folder,
      env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
      ...(runAs.owner === null || runAs.prefix.length > 0 ? {} : runAs.owner),
    })
  } catch (error) {
    const printed = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error)
    throw new AppError(engineStartFailed, {
      publicText: `PostgreSQL's files could not be made in ${folder}: ${printed.split('\n').at(-1) ?? ''}`,
      detail: printed,
      cause: error,
    })
  }
  renameSync(unfinished, data)
}

function prefixed(runAs: RunAs, program: string, programArgs: readonly string[]): { command: string; args: readonly string[] } {
  const [command = program, ...args] = [...runAs.prefix, program, ...programArgs]
  return { command, args }
}

function readPassword(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    throw new AppError(engineStartFailed, {
      publicText: `The password of the embedded PostgreSQL (${path}) cannot be read.`,
      hint: 'Restore the whole data directory from a backup.',
      cause: error,
    })
  }
}

function socketFolder(folder: string, runAs: RunAs): Pick<Cluster, 'socketFolder' | 'forget'> {
  const own = join(folder, 'run')
  if (own.length <= socketFolderCharsMax) {
    makeOwnFolder(own, runAs)
    return { socketFolder: own, forget: () => {} }
  }
  const temporary = mkdtempSync(join(tmpdir(), 'bellwether-'))
  giveAway(temporary, runAs)
  return { socketFolder: temporary, forget: () => rmSync(temporary, { recursive: true, force: true }) }
}

function makeOwnFolder(path: string, runAs: RunAs): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  giveAway(path, runAs)
}

function giveAway(path: string, runAs: RunAs): void {
  if (runAs.owner !== null) chownSync(path, runAs.owner.uid, runAs.owner.gid)
}
