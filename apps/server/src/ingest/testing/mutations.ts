/**
 * Faults put into the program on purpose, to prove that the simulation sees them: each is a mistake that someone could make in the
 * log or the writer, done here at their ports.
 */
import type { Clock } from '../../kernel/clock.ts'
import type { SpoolFile, SpoolFiles } from '../log/spool-files.ts'
import type { Spool } from '../log/spool-options.ts'
import type { Segment } from '../ports.ts'
import type { WriterDeps } from '../writer/writer.ts'

/** What stands in the place of the real part, made of it. */
export interface MutatedParts {
  readonly files?: (files: SpoolFiles) => SpoolFiles
  readonly log?: (log: Spool) => Spool
  readonly insert?: (insert: WriterDeps['insert']) => WriterDeps['insert']
  readonly isThere?: (isThere: WriterDeps['isThere']) => WriterDeps['isThere']
}

export interface Mutation {
  readonly name: string
  /** Anew for each life of the program, the first is 1. */
  readonly parts: (life: number, clock: Clock) => MutatedParts
}

/** Files whose every handle goes through `change`. */
function withFiles(change: (file: SpoolFile) => Partial<SpoolFile>): (files: SpoolFiles) => SpoolFiles {
  const changed = (file: SpoolFile): SpoolFile => ({ ...file, ...change(file) })
  return (files) => ({
    ...files,
    create: async (path) => changed(await files.create(path)),
    open: async (path) => changed(await files.open(path)),
  })
}

/** A log with other methods; the rest is the real one's. */
function withLog(change: (log: Spool) => Partial<Spool>): (log: Spool) => Spool {
  return (log) => {
    const changes = new Map<PropertyKey, unknown>(Object.entries(change(log)))
    return new Proxy(log, {
      get(target, name): unknown {
        if (changes.has(name)) return changes.get(name)
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? (...args: unknown[]): unknown => Reflect.apply(value, target, args) : value
      },
    })
  }
}

/** The file is removed when the segment is taken; its records are only in memory from then on. */
async function takeAndForget(log: Spool, segment: Segment | null): Promise<Segment | null> {
  if (segment === null) return null
  const records = await segment.read()
  await log.commit(segment)
  const { lane, sequence, token, rows, sizeBytes, origin } = segment
  return { lane, sequence, token, rows, sizeBytes, origin, read: () => Promise.resolve(records) }
}

const nothing = (): Promise<void> => Promise.resolve()

export const mutations: readonly Mutation[] = [
  { name: 'acknowledges before the fsync', parts: () => ({ files: withFiles(() => ({ dataSync: nothing })) }) },
  {
    name: 'repeats a failed fsync and believes the second answer',
    parts: () => ({ files: withFiles((file) => ({ dataSync: () => file.dataSync().catch(() => file.dataSync()) })) }),
  },
  {
    name: 'takes a short write for a whole one',
    parts: () => ({
      files: withFiles((file) => ({
        writev: async (buffers, position) => {
          await file.writev(buffers, position)
          return buffers.reduce((sum, buffer) => sum + buffer.length, 0)
        },
      })),
    }),
  },
  { name: 'does not sync the directory of a new file', parts: () => ({ files: (files) => ({ ...files, syncDirectory: nothing }) }) },
  {
    name: 'does not write again at start what only the cache may hold',
    parts: () => ({
      files: (files) => ({
        ...files,
        open: async (path) => ({ ...(await files.open(path)), writev: async (buffers) => await sizeOf(buffers), dataSync: nothing }),
      }),
    }),
  },
  {
    name: 'deletes the segment before the insert',
    parts: () => ({
      log: withLog((log) => ({
        take: async (lane, signal) => await takeAndForget(log, await log.take(lane, signal)),
        commit: nothing,
        bury: nothing,
      })),
    }),
  },
  {
    name: 'keeps a segment that is inserted, and another token after a restart',
    parts: (life) => ({ insert: withToken(`-life-${life}`) }),
  },
  {
    name: 'drops the token',
    parts: () => {
      let inserts = 0
      return { insert: (insert) => (request) => insert({ ...request, token: `${request.token}-${++inserts}` }) }
    },
  },
  {
    name: 'sends every table under one token',
    parts: () => ({
      insert: (insert) => (request) => insert({ ...request, token: request.token.replace(/-(rows|firsts)(-\d+)?/, '') }),
    }),
  },
  { name: 'takes an error of the engine for success', parts: () => ({ insert: (insert) => (request) => insert(request).catch(() => {}) }) },
  { name: 'believes a repeated insert without asking for its rows', parts: () => ({ isThere: () => () => Promise.resolve(true) }) },
  {
    name: 'tells the age of what waits by the wall clock',
    parts: (_, clock) => ({
      log: withLog((log) => {
        const aheadMs = clock.nowMs() - clock.monotonicMs()
        const byWall = (oldestMs: number): number => Math.max(0, oldestMs + clock.nowMs() - clock.monotonicMs() - aheadMs)
        return { backlog: () => ({ ...log.backlog(), oldestMs: byWall(log.backlog().oldestMs) }) }
      }),
    }),
  },
  { name: 'does not make visible at start what waits', parts: () => ({ log: withLog(() => ({ recoveredRecords: none })) }) },
]

function withToken(suffix: string): NonNullable<MutatedParts['insert']> {
  return (insert) => (request) => insert({ ...request, token: request.token + suffix })
}

function sizeOf(buffers: readonly Uint8Array[]): Promise<number> {
  return Promise.resolve(buffers.reduce((sum, buffer) => sum + buffer.length, 0))
}

// oxlint-disable-next-line require-yield -- it has none
async function* none(): AsyncGenerator<never> {
  await Promise.resolve()
}
