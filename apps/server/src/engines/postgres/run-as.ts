/**
 * PostgreSQL refuses to run as root. When we are root it runs as the system user `postgres` (made when missing), else as us.
 * Where that user cannot get to the data directory or the programs because a folder above them is closed (a checkout below
 * `/root`), it is given the one right to pass such folders, and nothing else of root's.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { AppError } from '../../kernel/errors.ts'
import type { Logger } from '../../kernel/log.ts'
import { engineStartFailed } from '../errors.ts'

/** How to start a program as the right user. */
export interface RunAs {
  /** Owner of the files; null: ourselves. */
  readonly owner: { readonly uid: number; readonly gid: number } | null
  /** Words to put before the command. */
  readonly prefix: readonly string[]
}

/** Capabilities that let a process pass closed folders, weakest first, with their bit. Source: capabilities(7). */
const passingRights = [
  { name: 'dac_read_search', bit: 2n },
  { name: 'dac_override', bit: 1n },
]

/** With it a process may set secure bits. */
const setpcapBit = 8n

/** `paths` are what the user has to reach. Throws `engine.start_failed` when there is no way. */
export function decideRunAs(paths: readonly string[], logger: Logger): RunAs {
  if (process.getuid?.() !== 0) return { owner: null, prefix: [] }
  const owner = systemUser()
  const closed = paths.map((path) => closedFolder(path, owner.uid, owner.gid)).find((folder) => folder !== null)
  if (closed === undefined || closed === null) return { owner, prefix: [] }
  const right = passingRights.find(({ bit }) => (boundingSet() & (1n << bit)) !== 0n)
  if (right === undefined || !has('setpriv')) {
    throw new AppError(engineStartFailed, {
      publicText: `PostgreSQL cannot run as root, and its own user cannot enter ${closed}.`,
      hint: 'Set BELLWETHER_DATA_DIR outside of it, run as a normal user, or set BELLWETHER_POSTGRES_URL.',
    })
  }
  logger.info('PostgreSQL runs as its own user with the right to pass closed folders', { folder: closed, right: right.name })
  const caps = `-all,+${right.name}`
  const ids = [`--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--clear-groups']
  // access(2), by which PostgreSQL looks for its own programs, leaves rights aside for anyone but root unless this bit says otherwise.
  if ((boundingSet() & (1n << setpcapBit)) !== 0n) ids.push('--securebits=+no_setuid_fixup')
  return { owner, prefix: ['setpriv', ...ids, `--inh-caps=${caps}`, `--ambient-caps=${caps}`, '--'] }
}

function systemUser(): { uid: number; gid: number } {
  const known = idsOf('postgres')
  if (known !== null) return known
  tryRun('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', 'postgres'])
  const user = idsOf('postgres') ?? idsOf('nobody')
  if (user !== null) return user
  throw new AppError(engineStartFailed, {
    publicText: 'PostgreSQL cannot run as root, and there is no system user postgres and none can be made.',
    hint: 'Create it (useradd --system postgres), run as a normal user, or set BELLWETHER_POSTGRES_URL.',
  })
}

function idsOf(name: string): { uid: number; gid: number } | null {
  const uid = tryRun('id', ['-u', name])
  const gid = tryRun('id', ['-g', name])
  return uid === null || gid === null ? null : { uid: Number(uid), gid: Number(gid) }
}

/** Trimmed output, or null when it failed. */
function tryRun(command: string, args: readonly string[]): string | null {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return null
  }
}

function has(command: string): boolean {
  return tryRun(command, ['--version']) !== null
}

/** The capabilities that this process can hand on. 0 where the system does not tell. */
function boundingSet(): bigint {
  try {
    const found = /^CapBnd:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))
    return BigInt(`0x${found?.[1] ?? '0'}`)
  } catch {
    return 0n
  }
}

/** The topmost folder above `path` that the user may not pass, or null. */
function closedFolder(path: string, uid: number, gid: number): string | null {
  const parent = dirname(path)
  const above = parent === path ? null : closedFolder(parent, uid, gid)
  if (above !== null) return above
  const stats = statSync(parent)
  const bit = stats.uid === uid ? 0o100 : stats.gid === gid ? 0o010 : 0o001
  return (stats.mode & bit) === 0 ? parent : null
}
