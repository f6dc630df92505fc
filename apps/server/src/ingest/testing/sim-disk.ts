/**
 * A disk that behaves as badly as a real one may: writes are in a cache until they are synced, names until their directory
 * is, a crash keeps any part of what was not, a write may be short or meet a full disk, and a failed fsync loses what it was asked
 * to keep while later ones report success (fsyncgate). It has a size: what does not fit is written in part, and then not at all.
 */
import { dirname, basename } from 'node:path'
import type { SpoolFile, SpoolFiles } from '../log/spool-files.ts'
import type { Random, SimProcess, SimWorld } from './sim-world.ts'

/** Probabilities by operation. */
export interface DiskFaults {
  readonly shortWrite: number
  readonly noSpace: number
  readonly writeError: number
  readonly syncError: number
  readonly otherError: number
}

export const noDiskFaults: DiskFaults = { shortWrite: 0, noSpace: 0, writeError: 0, syncError: 0, otherError: 0 }

type Change =
  | { readonly type: 'write'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly type: 'truncate'; readonly sizeBytes: number }

interface Inode {
  cache: Uint8Array
  durable: Uint8Array
  pending: Change[]
}

interface NameChange {
  readonly directories: readonly string[]
  readonly apply: (names: Map<string, Inode>) => void
}

const sectorBytes = 16

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code })
}

function changed(content: Uint8Array, change: Change): Uint8Array {
  if (change.type === 'truncate') {
    const cutTo = new Uint8Array(change.sizeBytes)
    cutTo.set(content.subarray(0, change.sizeBytes))
    return cutTo
  }
  const grown = new Uint8Array(Math.max(content.length, change.at + change.bytes.length))
  grown.set(content)
  grown.set(change.bytes, change.at)
  return grown
}

export class SimDisk {
  faults: DiskFaults = noDiskFaults
  /** What fits on it. */
  sizeBytes = 1e12
  readonly #random: Random
  #names = new Map<string, Inode>()
  readonly #durableNames = new Map<string, Inode>()
  #journal: NameChange[] = []

  constructor(random: Random) {
    this.#random = random
  }

  /** The power fails: of what was not synced, anything may be there or not. */
  crash(): void {
    // Changes of one directory reach the disk in order; between directories there is no order.
    const stopped = new Set<string>()
    for (const change of this.#journal) {
      if (this.#random.chance(0.5) || change.directories.some((directory) => stopped.has(directory))) {
        for (const directory of change.directories) stopped.add(directory)
      } else change.apply(this.#durableNames)
    }
    this.#journal = []
    for (const inode of new Set([...this.#names.values(), ...this.#durableNames.values()])) {
      this.#losePending(inode)
      inode.cache = inode.durable
    }
    this.#names = new Map(this.#durableNames)
  }

  files(world: SimWorld, owner: SimProcess): SpoolFiles {
    const step: Step = (effect) => world.perform(owner, () => effect(world.failureOf(owner)))
    const other = <T>(effect: () => T): Promise<T> =>
      step((failure) => {
        if (failure !== null) throw systemError(failure)
        if (this.#random.chance(this.faults.otherError)) throw systemError('EIO')
        return effect()
      })
    return {
      makeDirectory: () => step(() => undefined),
      list: (path) => other(() => [...this.#names.keys()].filter((name) => dirname(name) === path).map((name) => basename(name))),
      create: (path) => other(() => this.#create(path, step)),
      open: (path) => other(() => this.#file(this.#inode(path), step)),
      read: (path) => other(() => this.#inode(path).cache.slice()),
      rename: (from, to) => other(() => this.#rename(from, to)),
      unlink: (path) => other(() => this.#unlink(path)),
      syncDirectory: (path) => other(() => this.#syncDirectory(path)),
      freeBytes: () => step(() => this.#freeBytes()),
    }
  }

  #create(path: string, step: Step): SpoolFile {
    if (this.#names.has(path)) throw systemError('EEXIST')
    if (this.#random.chance(this.faults.noSpace)) throw systemError('ENOSPC')
    const inode: Inode = { cache: new Uint8Array(0), durable: new Uint8Array(0), pending: [] }
    this.#name([dirname(path)], (names) => names.set(path, inode))
    return this.#file(inode, step)
  }

  #file(inode: Inode, step: Step): SpoolFile {
    return {
      writev: (buffers, position) => step((failure) => this.#write(inode, Buffer.concat(buffers), position, failure)),
      dataSync: () => step((failure) => this.#sync(inode, failure)),
      truncate: (sizeBytes) =>
        step((failure) => {
          if (failure !== null || this.#random.chance(this.faults.writeError)) throw systemError(failure ?? 'EIO')
          this.#change(inode, { type: 'truncate', sizeBytes })
        }),
      close: () => step(() => undefined),
    }
  }

  // oxlint-disable-next-line max-params -- of a write and what becomes of it
  #write(inode: Inode, bytes: Uint8Array, position: number, failure: string | null): number {
    const fault = this.#random.next()
    const { shortWrite, noSpace, writeError } = this.faults
    const fits = Math.min(bytes.length, Math.max(0, this.#freeBytes() + inode.cache.length - position))
    if (failure === null && fits === bytes.length && fault >= shortWrite + noSpace + writeError) {
      this.#change(inode, { type: 'write', at: position, bytes })
      return bytes.length
    }
    const part = Math.min(fits, this.#random.below(bytes.length))
    if (part > 0) this.#change(inode, { type: 'write', at: position, bytes: bytes.slice(0, part) })
    if (failure !== null) throw systemError(failure)
    if ((fault < shortWrite || fits < bytes.length) && part > 0) return part
    throw systemError(fits < bytes.length || fault < shortWrite + noSpace ? 'ENOSPC' : 'EIO')
  }

  #freeBytes(): number {
    let used = 0
    for (const inode of this.#names.values()) used += inode.cache.length
    return Math.max(0, this.sizeBytes - used)
  }

  #sync(inode: Inode, failure: string | null): void {
    if (failure !== null || this.#random.chance(this.faults.syncError)) {
      this.#losePending(inode)
      if (this.#random.chance(0.5)) inode.cache = inode.durable
      throw systemError(failure ?? 'EIO')
    }
    for (const change of inode.pending) inode.durable = changed(inode.durable, change)
    inode.pending = []
  }

  /** Any part of what was not synced reaches the disk: whole changes, or sectors of a write. */
  #losePending(inode: Inode): void {
    for (const change of inode.pending) {
      if (this.#random.chance(0.4)) continue
      if (change.type === 'truncate' || this.#random.chance(0.4)) {
        inode.durable = changed(inode.durable, change)
        continue
      }
      for (let at = 0; at < change.bytes.length; at += sectorBytes) {
        if (this.#random.chance(0.5)) continue
        inode.durable = changed(inode.durable, { type: 'write', at: change.at + at, bytes: change.bytes.slice(at, at + sectorBytes) })
      }
    }
    inode.pending = []
  }

  #change(inode: Inode, change: Change): void {
    inode.cache = changed(inode.cache, change)
    inode.pending.push(change)
  }

  #inode(path: string): Inode {
    const inode = this.#names.get(path)
    if (inode === undefined) throw systemError('ENOENT')
    return inode
  }

  #rename(from: string, to: string): void {
    const inode = this.#inode(from)
    this.#name([dirname(from), dirname(to)], (names) => {
      names.delete(from)
      names.set(to, inode)
    })
  }

  #unlink(path: string): void {
    this.#inode(path)
    this.#name([dirname(path)], (names) => names.delete(path))
  }

  #name(directories: readonly string[], apply: (names: Map<string, Inode>) => void): void {
    apply(this.#names)
    this.#journal.push({ directories, apply })
  }

  #syncDirectory(path: string): void {
    for (const change of this.#journal) if (change.directories.includes(path)) change.apply(this.#durableNames)
    this.#journal = this.#journal.filter((change) => !change.directories.includes(path))
  }
}

/** One operation at a turn of its own; `failure`: the code with which it shall fail. */
type Step = <T>(effect: (failure: string | null) => T) => Promise<T>
