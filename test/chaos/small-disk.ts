/**
 * A file system of its own for one folder (a tmpfs), that is made full and given space again by changing its size while it is in use.
 * Mounting needs root on Linux; where that is not to be had, `whyNoSmallDisks` says so and the tests are skipped visibly.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const roomyBytes = 2 * 1024 ** 3
/** The system counts whole pages. */
const pageBytes = 4096

function run(command: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr.trim()}`)
}

export class SmallDisk implements Disposable {
  readonly path: string

  /** Mounts an empty file system at `path`, which is made when it is missing. */
  constructor(path: string) {
    this.path = path
    mkdirSync(path, { recursive: true, mode: 0o700 })
    run('mount', ['-t', 'tmpfs', '-o', `size=${roomyBytes},mode=0700`, 'bellwether-test', path])
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.path)
    return bavail * bsize
  }

  /** Nothing more can be written than `leftBytes`, from now on. */
  fill(leftBytes = 0): void {
    // What is written between looking and resizing makes the size too small for what is there, and the system says so.
    for (let attempt = 1; ; attempt++) {
      const { blocks, bfree, bsize } = statfsSync(this.path)
      try {
        // A size of 0 would mean no bound at all.
        return this.#resize(Math.max((blocks - bfree) * bsize + leftBytes + (attempt - 1) * pageBytes, pageBytes))
      } catch (error) {
        if (attempt === 100) throw error
      }
    }
  }

  free(): void {
    this.#resize(roomyBytes)
  }

  #resize(sizeBytes: number): void {
    run('mount', ['-o', `remount,size=${sizeBytes}`, this.path])
  }

  /** Whatever still uses it, it leaves the tree at once. */
  [Symbol.dispose](): void {
    run('umount', ['-l', this.path])
  }
}

/** Null where file systems can be mounted. */
export const whyNoSmallDisks: string | null = tryToMount()

function tryToMount(): string | null {
  if (process.platform !== 'linux') return `file systems of a test's own need Linux, this is ${process.platform}`
  if (process.getuid?.() !== 0) return "file systems of a test's own need root"
  const folder = mkdtempSync(join(tmpdir(), 'bellwether-mount-'))
  try {
    using disk = new SmallDisk(folder)
    disk.fill()
    disk.free()
    return null
  } catch (error) {
    return `file systems cannot be mounted here: ${String(error)}`
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
