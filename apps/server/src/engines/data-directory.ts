/**
 * The folder that everything embedded lives in: made, tried, and locked against a second program. The lock is a Unix socket
 * that the holder listens on: it is free the moment its holder is gone, SIGKILL included, and no stale process id can lie
 * about that. Layout: `bellwether.lock` (socket), `bellwether.pid`, and one folder a part.
 */
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { AppError, isAppError } from '../kernel/errors.ts'
import { dataDirLocked, dataDirUnusable } from './errors.ts'

export interface DataDirectory extends AsyncDisposable {
  /** Absolute. */
  readonly path: string
  /** Bytes that this user may still write there. */
  freeBytes(): number
}

/** Less than this and the engines cannot even start. */
export const freeBytesMin = 64 * 1024 * 1024

const lockName = 'bellwether.lock'
const pidName = 'bellwether.pid'
/** A Unix socket's path may have 103 bytes on macOS and 107 on Linux. */
const socketPathCharsMax = 100
const lockAttemptsMax = 5

/**
 * Makes the folder when it is missing, checks that it can be written and has room, and takes the lock.
 * Errors: `data_dir.unusable`, `data_dir.locked` (names the other's process id).
 */
export async function openDataDirectory(path: string): Promise<DataDirectory> {
  const absolute = resolve(path)
  makeUsable(absolute)
  const lock = await takeLock(absolute)
  const pidFile = join(absolute, pidName)
  writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 })
  return {
    path: absolute,
    freeBytes: () => freeBytes(absolute),
    async [Symbol.asyncDispose]() {
      rmSync(pidFile, { force: true })
      await lock[Symbol.asyncDispose]()
    },
  }
}

/** Process id of the program that uses the folder (0 when it is not known), or null when none does. */
export async function dataDirectoryHolder(path: string): Promise<number | null> {
  const absolute = resolve(path)
  using place = socketPlace(absolute, lockName)
  return (await isListening(place.path)) ? pidOf(absolute) : null
}

/** Bytes free for this user where `path` is. */
export function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path)
  return bavail * bsize
}

/** Makes the folder and tries it. Throws `data_dir.unusable` with the reason in words. */
export function makeUsable(path: string): void {
  const probe = join(path, `.bellwether-probe-${process.pid}`)
  try {
    makeFolder(path)
    if (!statSync(path).isDirectory()) throw new Error('it is not a directory')
    closeToOthers(path)
    writeFileSync(probe, 'x', { flush: true })
    rmSync(probe)
  } catch (error) {
    throw new AppError(dataDirUnusable, { publicText: `The data directory ${path} cannot be used: ${reasonOf(error)}`, cause: error })
  }
  const free = freeBytes(path)
  if (free < freeBytesMin) {
    const mebibytes = (bytes: number): number => Math.floor(bytes / 1024 ** 2)
    throw new AppError(dataDirUnusable, {
      publicText: `The disk of the data directory ${path} is full: ${mebibytes(free)} MB are free and ${mebibytes(freeBytesMin)} MB are needed.`,
      hint: 'Free space there, or set BELLWETHER_DATA_DIR to a directory on another disk.',
    })
  }
}

/** As root, PostgreSQL runs as a user of its own and must be able to pass; its folders inside are closed. */
function closeToOthers(path: string): void {
  try {
    chmodSync(path, process.getuid?.() === 0 ? 0o711 : 0o700)
  } catch {
    // A volume that belongs to someone else and that we may write: its mode is theirs.
  }
}

/** Not Node's recursive way, which never returns below `/proc`. */
function makeFolder(path: string): void {
  if (existsSync(path)) return
  const parent = dirname(path)
  if (parent !== path) makeFolder(parent)
  mkdirSync(path, { mode: 0o700 })
}

const reasonByCode: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  ENOTDIR: 'a part of the path is not a directory',
  EEXIST: 'it is not a directory',
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error ? String(error.code) : ''
  return reasonByCode[code] ?? error.message
}

async function takeLock(folder: string): Promise<AsyncDisposable> {
  const place = socketPlace(folder, lockName)
  try {
    for (let attempt = 1; ; attempt++) {
      const server = await listen(place.path)
      if (server !== null) {
        return {
          async [Symbol.asyncDispose]() {
            // Closing removes the socket, for which the place must still be there.
            await new Promise((done) => server.close(done))
            place[Symbol.dispose]()
          },
        }
      }
      if (attempt >= lockAttemptsMax || (await isListening(place.path))) throw lockedBy(folder)
      await removeStale(folder, place.path)
    }
  } catch (error) {
    place[Symbol.dispose]()
    if (isAppError(error)) throw error
    throw new AppError(dataDirUnusable, { publicText: `The data directory ${folder} cannot be locked: ${reasonOf(error)}`, cause: error })
  }
}

function lockedBy(folder: string): AppError {
  const pid = pidOf(folder)
  const who = pid === 0 ? 'another Bellwether' : `another Bellwether (process ${pid})`
  return new AppError(dataDirLocked, { publicText: `The data directory ${folder} is in use by ${who}.` })
}

function pidOf(folder: string): number {
  try {
    return Number(readFileSync(join(folder, pidName), 'utf8')) || 0
  } catch {
    return 0
  }
}

/** Null when there is a socket of that name, whether someone listens on it or not. */
function listen(path: string): Promise<Server | null> {
  return new Promise((done, failed) => {
    const server = createServer((visitor) => visitor.destroy())
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRINUSE' ? done(null) : failed(error)))
    server.listen(path, () => {
      server.unref()
      done(server)
    })
  })
}

function isListening(path: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      done(true)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => {
      // Refused: its holder is gone. Missing: there is none. Anything else (a full queue) is a living holder.
      done(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT')
    })
  })
}

/**
 * Two programs may find the same stale socket: each moves it aside before removing it and looks whether what it moved is still
 * the stale one, because in between the other may have put its own there.
 */
async function removeStale(folder: string, path: string): Promise<void> {
  using aside = socketPlace(folder, `${lockName}.${process.pid}`)
  try {
    renameSync(path, aside.path)
    if (await isListening(aside.path)) renameSync(aside.path, path)
    else unlinkSync(aside.path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
}

/** A path short enough for a socket: where the real one is too long, through an open handle of the folder (Linux). */
function socketPlace(folder: string, name: string): { path: string } & Disposable {
  const direct = join(folder, name)
  if (Buffer.byteLength(direct) <= socketPathCharsMax) return { path: direct, [Symbol.dispose]() {} }
  if (process.platform !== 'linux') {
    throw new AppError(dataDirUnusable, {
      publicText: `The path of the data directory ${folder} is too long (${socketPathCharsMax} bytes at most).`,
    })
  }
  const fd = openSync(folder, 'r')
  return { path: `/proc/self/fd/${fd}/${name}`, [Symbol.dispose]: () => closeSync(fd) }
}
