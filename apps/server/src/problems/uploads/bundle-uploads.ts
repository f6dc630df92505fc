/**
 * Uploads of bundles: pieces come one by one, then they are put together, checked and read for source maps, one bundle after the other: reading
 * one takes memory and processor time that ingest needs too. Who asks waits a little and then asks again; the end is remembered for a minute.
 */
import type { Access } from '../../accounts/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import { AppError, isAppError } from '../../kernel/errors.ts'
import type { Logger } from '../../kernel/log.ts'
import { badChunk, badSourceMap, uploadsFull } from '../errors.ts'
import {
  bundleBytesMax,
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
import { sha1Of, sha1Pattern, type ChunkStore } from './chunk-store.ts'
import { readZipEntry, ZipError, type ByteSource } from './zip-archive.ts'

/** How long somebody who asks is kept waiting, and how long the end is remembered, ms. */
const [waitMs, rememberedMs] = [5_000, 60_000]

export interface BundleUploadsDeps {
  readonly chunks: Pick<ChunkStore, 'put' | 'missing' | 'open' | 'drop'>
  readonly sourceMaps: Pick<SourceMapStore, 'putOfBuild' | 'endBuild'>
  readonly clock: Pick<Clock, 'monotonicMs' | 'sleep'>
  readonly logger: Logger
}

interface Job {
  readonly uploader: Uploader
  readonly accesses: readonly Access[]
  readonly request: BundleRequest
}

interface Ended {
  readonly state: BundleState
  readonly untilMs: number
}

export class BundleDesk implements BundleUploads {
  readonly #deps: BundleUploadsDeps
  readonly #underWay = new Map<string, Promise<BundleState>>()
  readonly #ended = new Map<string, Ended>()
  /** The bundle before it. */
  #last: Promise<unknown> = Promise.resolve()

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
    let job = this.#underWay.get(key)
    if (job === undefined) {
      const missingChunks = await this.#deps.chunks.missing(uploader, request.chunks)
      if (missingChunks.length > 0) return { state: 'not_found', missingChunks, detail: null }
      job = this.#underWay.get(key) ?? this.#begin(key, { uploader, accesses, request })
    }
    const waited = new AbortController()
    const assembling: BundleState = { state: 'assembling', missingChunks: [], detail: null }
    try {
      const state = await Promise.race([job, this.#deps.clock.sleep(waitMs, waited.signal).then(() => assembling)])
      // It is told once why nothing came of it: what is sent again is tried again.
      if (state.state === 'error') this.#ended.delete(key)
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
    if (ended?.state.state === 'error') this.#ended.delete(key)
    return ended?.state ?? null
  }

  #begin(key: string, job: Job): Promise<BundleState> {
    if (this.#underWay.size >= bundlesUnderWayMax) throw new AppError(uploadsFull, { retryAfterSec: 10 })
    const running = this.#last.then(() => this.#run(job))
    this.#last = running
    this.#underWay.set(key, running)
    void running.then((state) => {
      this.#underWay.delete(key)
      this.#ended.set(key, { state, untilMs: this.#deps.clock.monotonicMs() + rememberedMs })
    })
    return running
  }

  /** Never rejects. */
  async #run(job: Job): Promise<BundleState> {
    try {
      const detail = await this.#read(job)
      await this.#deps.chunks.drop(job.uploader, job.request.chunks)
      return { state: 'ok', missingChunks: [], detail }
    } catch (error) {
      if (error instanceof ZipError) return failed(`The bundle cannot be read: ${error.message}.`)
      if (isAppError(error)) return failed(error.publicText)
      this.#deps.logger.error('a bundle of source maps could not be read', { err: error })
      return failed('Something went wrong on our side; the log of the program has more.')
    }
  }

  /** What is to be said of a bundle that was read; null: nothing. */
  async #read({ uploader, accesses, request }: Job): Promise<string | null> {
    const source = await this.#deps.chunks.open(uploader, request.chunks)
    if (source === null) throw new AppError(badChunk, { publicText: 'Chunks of the bundle are gone; upload it again.' })
    if (source.sizeBytes > bundleBytesMax) throw new ZipError(`it has ${source.sizeBytes} bytes; at most ${bundleBytesMax} are read`)
    if ((await sha1Of(source)) !== request.checksum) throw new ZipError('its bytes are not those of its checksum')
    const maps = await readBundle(source)
    checkAmount(maps)
    const refused: string[] = []
    for (const map of maps) {
      const reason = await this.#put(source, map, { accesses, request })
      if (reason !== null) refused.push(`${map.name}: ${reason}`)
    }
    await this.#deps.sourceMaps.endBuild(accesses, { release: request.release, files: maps.length - refused.length })
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
