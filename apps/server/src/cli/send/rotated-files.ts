/** Files that a log file became by rotation: its name with a number or a date behind it, known by inode, ordered by when they were written to. */
import { open, readdir, stat, type FileHandle } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { isPlaceIn, type Place } from './place.ts'

interface RotatedFile {
  readonly path: string
  readonly device: number
  readonly inode: number
  readonly writtenMs: number
}

/** `app.log.1`, `app.log-20261121`, `app.log.2026-11-21.1`, `app.log.old`, and the same packed. */
const suffix = /^[.\-_](?:\d[\dT:.\-_]*|old)(\.(?:gz|bz2|xz|zst|zip))?$/
/** Renamed so often while one is opened: then the newest is read. */
const attemptsMax = 10

interface Asked {
  readonly path: string
  /** What has the name now. */
  readonly newest: FileHandle
  /** The last that was read. */
  readonly after: Place
  readonly done: readonly Place[]
  complain(line: string): void
}

/** The file that the place is in, under whatever name in the same folder. Null: it is gone, or it is another one by now. */
export async function fileOf(path: string, place: Place): Promise<FileHandle | null> {
  const names = await readdir(dirname(path)).catch(() => [])
  for (const name of names) {
    const other = join(dirname(path), name)
    const found = await stat(other).catch(() => null)
    if (found === null || found.ino !== place.inode || found.dev !== place.device) continue
    const file = await open(other, 'r').catch(() => null)
    if (file === null) continue
    if (await isPlaceIn(file, place)) return file
    await file.close()
  }
  return null
}

/** The oldest that was written to after the last one, and was not read. Null: there is none between that and the newest. */
export async function nextRotated(asked: Asked): Promise<FileHandle | null> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const next = await oldestUnread(asked)
    if (next !== 'renamed') return next
  }
  asked.complain(`${asked.path} is rotated so fast that files of it may not be sent`)
  return null
}

async function oldestUnread({ path, newest, after, done, complain }: Asked): Promise<FileHandle | 'renamed' | null> {
  const { plain, packed } = await rotatedFiles(path)
  const { ino, dev } = await newest.stat()
  // Without a time there is no telling what is older.
  if (after.writtenMs === 0) return null
  for (const { path: name, writtenMs } of packed)
    if (writtenMs > after.writtenMs) complain(`${name} is packed: lines of it that were not sent before are not sent`)
  for (const found of plain) {
    if (found.writtenMs < after.writtenMs || (found.inode === ino && found.device === dev)) continue
    if (found.inode === after.inode && found.device === after.device) continue
    const file = await open(found.path, 'r').catch(() => null)
    if (file === null) {
      complain(`${found.path} cannot be read: its lines are not sent`)
      continue
    }
    const now = await file.stat()
    const isRenamed = now.ino !== found.inode || now.dev !== found.device
    if (!isRenamed && !(await isRead(file, done))) return file
    await file.close()
    if (isRenamed) return 'renamed'
  }
  return null
}

async function isRead(file: FileHandle, done: readonly Place[]): Promise<boolean> {
  for (const place of done) if (await isPlaceIn(file, place)) return true
  return false
}

async function rotatedFiles(path: string): Promise<{ plain: RotatedFile[]; packed: RotatedFile[] }> {
  const [plain, packed]: [RotatedFile[], RotatedFile[]] = [[], []]
  const base = basename(path)
  for (const name of await readdir(dirname(path)).catch(() => [])) {
    const match = name.startsWith(base) ? suffix.exec(name.slice(base.length)) : null
    if (match === null) continue
    const other = join(dirname(path), name)
    const found = await stat(other).catch(() => null)
    if (found?.isFile() !== true) continue
    const list = match[1] === undefined ? plain : packed
    list.push({ path: other, device: found.dev, inode: found.ino, writtenMs: found.mtimeMs })
  }
  return { plain: plain.sort((a, b) => a.writtenMs - b.writtenMs), packed }
}
