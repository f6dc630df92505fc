/**
 * What an earlier run may have left in a cluster's folder: a server that outlived its parent, single processes that outlived their
 * server, or a `postmaster.pid` whose process id belongs to someone else by now, which PostgreSQL takes for a running server.
 * To be called with the data directory locked, so whatever is found there is nobody else's.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../kernel/clock.ts'
import type { Logger } from '../../kernel/log.ts'
import { killFamily, killServersIn } from './family.ts'

/** How long each way of asking is given. */
const patienceMs = 5000
const lookEveryMs = 25

export interface ClusterFolders {
  /** The cluster's files. */
  readonly data: string
  /** Where the server's socket is. */
  readonly socketFolder: string
}

/**
 * Ends a left server, quickly, then at once, and single processes of one. Then its lock files are removed if the process id in them
 * is still taken: by a foreign process, or by a server that has ended and was not waited for (its parent died with it, and the
 * first process of many containers waits for no one). PostgreSQL would take either for a running server and refuse to start.
 */
export async function clearOrphan({ data, socketFolder }: ClusterFolders, clock: Clock, logger: Logger): Promise<void> {
  const pidFile = join(data, 'postmaster.pid')
  const pid = pidIn(pidFile)
  if (pid !== null && isServer(pid, data)) {
    logger.warn('a PostgreSQL server of an earlier run is still there and is ended', { pid })
    await endServer(pid, data, clock)
  }
  const processes = killServersIn(data)
  if (processes > 0) logger.warn('processes of a PostgreSQL server that is gone were still there and are ended', { processes })
  for (const lockFile of [pidFile, join(socketFolder, '.s.PGSQL.5432.lock')]) removeStale(lockFile, data, logger)
}

function removeStale(lockFile: string, clusterFolder: string, logger: Logger): void {
  const pid = pidIn(lockFile)
  if (pid === null || !isTaken(pid) || isServer(pid, clusterFolder)) return
  logger.warn('a PostgreSQL lock file of an earlier run names a process that is no server and is removed', { lockFile, pid })
  rmSync(lockFile, { force: true })
}

function isServer(pid: number, clusterFolder: string): boolean {
  return isRunning(pid) && commandOf(pid).includes(clusterFolder)
}

async function endServer(pid: number, clusterFolder: string, clock: Clock): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    if (signal === 'SIGKILL') killFamily(pid, clusterFolder)
    else signalIfThere(pid, signal)
    const startedMs = clock.monotonicMs()
    while (isRunning(pid) && clock.monotonicMs() - startedMs < patienceMs) await clock.sleep(lookEveryMs)
    if (!isRunning(pid)) return
  }
}

function pidIn(path: string): number | null {
  try {
    const pid = Number(readFileSync(path, 'utf8').split('\n')[0])
    return Number.isSafeInteger(pid) && pid > 1 ? pid : null
  } catch {
    return null
  }
}

/** Whether a process has this id, be it one that has ended and was not yet waited for. */
function isTaken(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function isRunning(pid: number): boolean {
  return isTaken(pid) && !/^State:\s+Z/m.test(readOr(`/proc/${pid}/status`))
}

function commandOf(pid: number): string {
  const line = readOr(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')
  if (line !== '') return line
  try {
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  } catch {
    return ''
  }
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It ended in between.
  }
}
