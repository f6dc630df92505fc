/**
 * The processes of one PostgreSQL server. The postmaster forks the others, each into a session of its own, so no signal to a group
 * reaches them; they end by themselves when the postmaster is gone, unless they hang. One that is left keeps the server's
 * shared memory, and a new server refuses to start beside it. All of them work in the cluster's folder, which is how they are found;
 * whoever else works there (an administrator's shell) is left alone.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs'
import { basename } from 'node:path'

/** SIGKILL to the postmaster and to all that it forked: what was committed is in the write-ahead log. */
export function killFamily(postmaster: number, clusterFolder: string): void {
  const family = [postmaster, ...serversIn(clusterFolder), ...childrenOf(postmaster)]
  for (const pid of new Set(family)) killIfThere(pid)
}

/** Ends what a postmaster that is gone has left behind. Gives how many processes there were. */
export function killServersIn(clusterFolder: string): number {
  const pids = serversIn(clusterFolder)
  for (const pid of pids) killIfThere(pid)
  return pids.length
}

/** Empty where there is no /proc. */
function serversIn(clusterFolder: string): number[] {
  let folder: string
  let entries: string[]
  try {
    folder = realpathSync(clusterFolder)
    entries = readdirSync('/proc')
  } catch {
    return []
  }
  return entries.filter((name) => /^\d+$/.test(name) && linkOf(name, 'cwd') === folder && isPostgres(name)).map(Number)
}

/** By its program, be that replaced by a newer one meanwhile, or by its title: `postgres: checkpointer`, when a loader runs it. */
function isPostgres(pid: string): boolean {
  const program = linkOf(pid, 'exe')?.replace(/ \(deleted\)$/, '') ?? ''
  return basename(program) === 'postgres' || /^postgres:?$/.test(basename(firstWord(pid)))
}

function firstWord(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split(/[\0 ]/, 1)[0] ?? ''
  } catch {
    return ''
  }
}

function linkOf(pid: string, link: 'cwd' | 'exe'): string | null {
  try {
    return readlinkSync(`/proc/${pid}/${link}`)
  } catch {
    // It has ended, or is someone else's.
    return null
  }
}

/** For systems without /proc. */
function childrenOf(parent: number): number[] {
  if (process.platform === 'linux') return []
  try {
    const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n')
    const pairs = lines.map((line) => line.trim().split(/\s+/).map(Number))
    return pairs.flatMap(([pid, parentPid]) => (parentPid === parent && pid !== undefined ? [pid] : []))
  } catch {
    return []
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended in between.
  }
}
