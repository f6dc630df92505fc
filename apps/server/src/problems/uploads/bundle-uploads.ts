/**
 * Uploads of bundles: pieces come one by one, then they are put together, checked and read for source maps, one bundle after the other: reading
 * one takes memory and processor time that ingest needs too. Who asks waits a little and then asks again; the end is remembered for a minute, for
 * those who were told to ask again and otherwise until source maps change.
 */
import type { Access } from '../../accounts/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import { AppError, isAppError } from '../../kernel/errors.ts'
import type { Logger } from '../../kernel/log.ts'
import { badChunk, badSourceMap, uploadsFull } from '../errors.ts'
import {
  bundleBytesMax,
  bundlesOfOrganizationMax,
  bundlesRememberedMax,
  bundlesUnderWayMax,
  chunksOfBundleMax,
  sourceMapBytesMax,
  sourceMapsBytesMax,
  sourceMapsMax,
} from '../limits.ts'
import type { BundleRequest, BundleState, BundleUploads, Uploader } from '../ports.ts'
import type { SourceMapStore } from '../source-map-store.ts'
import { readBundle, type BundledMap } from './artifact-bundle.ts'
import { BundleTurns } from './bundle-turns.ts'
import { ChunksGone, sha1Of, sha1Pattern, type ChunkStore } from './chunk-store.ts'
import { readZipEntry, ZipError, type ByteSource } from './zip-archive.ts'

/** How long somebody who asks is kept waiting, and how long the end is remembered, ms. */
const [waitMs, rememberedMs] = [5_000, 60_000]

export interface BundleUploadsDeps {
  readonly chunks: Pick<ChunkStore, 'put' | 'missing' | 'open' | 'drop'>
  readonly sourceMaps: Pick<SourceMapStore, 'putOfBuild' | 'endBuild' | 'changes'>
  readonly clock: Pick<Clock, 'monotonicMs' | 'sleep'>
  readonly logger: Logger
}

interface Job {
  readonly uploader: Uploader
  readonly accesses: readonly Access[]
  readonly request: BundleRequest
  /** How many were told to ask again and have not. */
  due: number
}

interface UnderWay {
  readonly job: Job
  readonly end: Promise<BundleState>
}

interface Ended {
  readonly job: Job
  readonly state: BundleState
  readonly untilMs: number
  /** Of source maps, when it ended. */
  readonly changes: number
}

export class BundleDesk implements BundleUploads {
  readonly #deps: BundleUploadsDeps
  readonly #underWay = new Map<string, UnderWay>()
  readonly #ended = new Map<string, Ended>()
  readonly #turns = new BundleTurns({ ofOrganizationMax: bundlesOfOrganizationMax, max: bundlesUnderWayMax })

  constructor(deps: BundleUploadsDeps) {
    this.#deps = deps
  }

  async putChunk(uploader: Uploader, sha1: string, content: Buffer): Promise<void> {
    await this.#deps.chunks.put(uploader, sha1, content)
  }

  async assemble(uploader: Uploader, accesses: readonly Access[], request: BundleRequest): Promise<BundleState> {
    checkRequest(request)
    const key = JSON.stringify([uploader, accesses.map(({ scope }) => scope.projectIds), request])
    const ended = this.#endOf(key)
    if (ended !== null) return ended
    let underWay = this.#underWay.get(key)
    if (underWay === undefined) {
      const missingChunks = await this.#deps.chunks.missing(uploader, request.chunks)
      if (missingChunks.length > 0) return notFound(missingChunks)
      underWay = this.#underWay.get(key) ?? this.#begin(key, { uploader, accesses, request, due: 0 })
    }
    return await this.#wait(key, underWay)
  }

  async #wait(key: string, { job, end }: UnderWay): Promise<BundleState> {
    if (job.due > 0) job.due--
    const waited = new AbortController()
    const assembling: BundleState = { state: 'assembling', missingChunks: [], detail: null }
    try {
      const state = await Promise.race([end, this.#deps.clock.sleep(waitMs, waited.signal).then(() => assembling)])
      if (state === assembling) job.due++
      // It is told once why nothing came of it: what is sent again is tried again.
      else if (state.state !== 'ok') this.#ended.delete(key)
      return state
    } finally {
      waited.abort()
    }
  }

  #endOf(key: string): BundleState | null {
    const nowMs = this.#deps.clock.monotonicMs()
    for (const [other, { untilMs }] of this.#ended)
      if (untilMs <= nowMs || this.#ended.size > bundlesRememberedMax) this.#ended.delete(other)
    const ended = this.#ended.get(key)
    if (ended === undefined) return null
    const { job, state, changes } = ended
    if (state.state !== 'ok') this.#ended.delete(key)
    else if (job.due > 0) job.due--
    else if (changes !== this.#deps.sourceMaps.changes) {
      // What came of it may have been deleted since.
      this.#ended.delete(key)
      return null
    }
    return state
  }

  /** Errors by code: `problems.uploads_full`. */
  #begin(key: string, job: Job): UnderWay {
    const end = this.#turns.take(job.uploader.organizationId, () => this.#run(job))
    if (end === null) throw new AppError(uploadsFull, { retryAfterSec: 10 })
    const underWay = { job, end }
    this.#underWay.set(key, underWay)
    void end.then((state) => {
      this.#underWay.delete(key)
      const { changes } = this.#deps.sourceMaps
      this.#ended.set(key, { job, state, untilMs: this.#deps.clock.monotonicMs() + rememberedMs, changes })
    })
    return underWay
  }

  /** Never rejects. */
  async #run(job: Job): Promise<BundleState> {
    const { uploader, request } = job
    try {
      const detail = await this.#read(job)
      await this.#deps.chunks.drop(uploader, this.#ownChunks(job))
      return { state: 'ok', missingChunks: [], detail }
    } catch (error) {
      if (error instanceof ZipError) return failed(`The bundle cannot be read: ${error.message}.`)
      if (error instanceof ChunksGone)
        return await this.#deps.chunks.missing(uploader, request.chunks).then(notFound, () => notFound(request.chunks))
      if (isAppError(error)) return failed(error.publicText)
      this.#deps.logger.error('a bundle of source maps could not be read', { err: error })
      return failed('Something went wrong on our side; the log of the program has more.')
    }
  }

  /** Chunks that no other bundle needs that is under way: whose it is last drops them. */
  #ownChunks({ uploader: { organizationId, owner }, request }: Job): string[] {
    const own = new Set(request.chunks)
    for (const { job: other } of this.#underWay.values()) {
      if (other.request === request || other.uploader.organizationId !== organizationId || other.uploader.owner !== owner) continue
      for (const sha1 of other.request.chunks) own.delete(sha1)
    }
    return [...own]
  }

  /** What is to be said of a bundle that was read; null: nothing. */
  async #read({ uploader, accesses, request }: Job): Promise<string | null> {
    const source = await this.#deps.chunks.open(uploader, request.chunks)
    if (source === null) throw new ChunksGone()
    if (source.sizeBytes > bundleBytesMax) throw new ZipError(`it has ${source.sizeBytes} bytes; at most ${bundleBytesMax} are read`)
    if ((await sha1Of(source)) !== request.checksum) throw new ZipError('its bytes are not those of its checksum')
    const maps = await readBundle(source)
    checkAmount(maps)
    const refused: string[] = []
    let kept = 0
    try {
      for (const map of maps) {
        const reason = await this.#put(source, map, { accesses, request })
        if (reason === null) kept++
        else refused.push(`${map.name}: ${reason}`)
      }
    } finally {
      // Also of what was put before something went wrong.
      await this.#deps.sourceMaps.endBuild(accesses, { release: request.release, files: kept })
    }
    if (refused.length === 0) return null
    const detail = `${refused.length} of ${maps.length} source maps were refused, the first: ${refused[0]}`
    if (refused.length === maps.length) throw new AppError(badSourceMap, { publicText: detail })
    return detail
  }

  /** Why it was refused; null: it was not. */
  async #put(source: ByteSource, map: BundledMap, { accesses, request }: Pick<Job, 'accesses' | 'request'>): Promise<string | null> {
    try {
      const content = await readZipEntry(source, map.entry, sourceMapBytesMax)
      const { release, dist } = request
      const draft = { release, dist, name: map.name, debugId: map.debugId, map: content.toString('utf8') }
      await this.#deps.sourceMaps.putOfBuild(accesses, draft)
      return null
    } catch (error) {
      if (error instanceof ZipError) return error.message
      if (isAppError(error, badSourceMap.code)) return error.publicText
      throw error
    }
  }
}

function notFound(missingChunks: readonly string[]): BundleState {
  return { state: 'not_found', missingChunks, detail: null }
}

function failed(detail: string): BundleState {
  return { state: 'error', missingChunks: [], detail }
}

/** Errors by code: `problems.bad_chunk`. */
function checkRequest({ checksum, chunks }: BundleRequest): void {
  if (!sha1Pattern.test(checksum) || !chunks.every((sha1) => sha1Pattern.test(sha1)))
    throw new AppError(badChunk, { publicText: 'A bundle and its chunks are named by their SHA-1, 40 hexadecimal digits.' })
  if (chunks.length === 0 || chunks.length > chunksOfBundleMax)
    throw new AppError(badChunk, { publicText: `A bundle has 1 to ${chunksOfBundleMax} chunks.` })
}

/** Errors: `ZipError`. */
function checkAmount(maps: readonly BundledMap[]): void {
  if (maps.length > sourceMapsMax) throw new ZipError(`it has ${maps.length} source maps; a project has room for ${sourceMapsMax}`)
  const plainBytes = maps.reduce((sum, { entry }) => sum + entry.plainBytes, 0)
  if (plainBytes > sourceMapsBytesMax)
    throw new ZipError(`its source maps have ${plainBytes} bytes; a project has room for ${sourceMapsBytesMax}`)
}
