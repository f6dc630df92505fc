/**
 * The file operations that the spool needs, as a port: the simulation puts a faulty disk behind it. Paths are absolute.
 * Errors are Node's (`code` = `ENOSPC`, `EIO`, `ENOENT` ...).
 */
import { mkdir, open, readdir, readFile, rename, statfs, unlink } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'

export interface SpoolFile {
  /** Writes at `position`; may write less than asked. Resolves to the bytes written. */
  writev(buffers: readonly Uint8Array[], position: number): Promise<number>
  /** The content, and the size that reading it needs, are on the disk. */
  dataSync(): Promise<void>
  truncate(sizeBytes: number): Promise<void>
  close(): Promise<void>
}

export interface SpoolFiles {
  /** Makes the directory and its parents; existing ones are fine. */
  makeDirectory(path: string): Promise<void>
  /** Names in a directory. */
  list(path: string): Promise<string[]>
  /** Fails when the file exists. The name is durable after `syncDirectory`. */
  create(path: string): Promise<SpoolFile>
  /** An existing file, for writing. */
  open(path: string): Promise<SpoolFile>
  read(path: string): Promise<Uint8Array>
  rename(from: string, to: string): Promise<void>
  unlink(path: string): Promise<void>
  syncDirectory(path: string): Promise<void>
  /** Bytes an ordinary user may still write on the file system of `path`. */
  freeBytes(path: string): Promise<number>
}

function wrap(handle: FileHandle): SpoolFile {
  return {
    async writev(buffers, position) {
      const { bytesWritten } = await handle.writev(buffers, position)
      return bytesWritten
    },
    dataSync: () => handle.datasync(),
    truncate: (sizeBytes) => handle.truncate(sizeBytes),
    close: () => handle.close(),
  }
}

export const nodeSpoolFiles: SpoolFiles = {
  async makeDirectory(path) {
    await mkdir(path, { recursive: true, mode: 0o700 })
  },
  list: (path) => readdir(path),
  create: async (path) => wrap(await open(path, 'wx', 0o600)),
  open: async (path) => wrap(await open(path, 'r+')),
  read: (path) => readFile(path),
  rename,
  unlink,
  async syncDirectory(path) {
    const handle = await open(path, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  },
  async freeBytes(path) {
    const { bavail, bsize } = await statfs(path)
    return bavail * bsize
  },
}

/** Writes everything at `position`, however the system splits it. */
export async function writeFully(file: SpoolFile, buffers: readonly Uint8Array[], position: number): Promise<number> {
  let rest = buffers
  let at = position
  for (;;) {
    const wanted = rest.reduce((sum, buffer) => sum + buffer.length, 0)
    if (wanted === 0) return at
    const written = await file.writev(rest, at)
    if (written <= 0) throw new Error('the file system wrote nothing and gave no error')
    at += written
    if (written >= wanted) return at
    rest = skipBytes(rest, written)
  }
}

function skipBytes(buffers: readonly Uint8Array[], count: number): Uint8Array[] {
  const rest: Uint8Array[] = []
  let left = count
  for (const buffer of buffers) {
    if (left >= buffer.length) left -= buffer.length
    else {
      rest.push(left > 0 ? buffer.subarray(left) : buffer)
      left = 0
    }
  }
  return rest
}

/** The system's error code, or '' when there is none. */
export function systemCode(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  return ''
}
