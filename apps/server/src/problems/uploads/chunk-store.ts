/**
 * Pieces of uploads in PostgreSQL, by the SHA-1 of their content, until they are put together or have waited too long. A piece belongs to the
 * caller who sent it: nobody else can ask for it, put it into something, or learn that it is there.
 */
import { createHash } from 'node:crypto'
import type { Pool } from 'pg'
import { AppError } from '../../kernel/errors.ts'
import { guarded } from '../database.ts'
import { badChunk, uploadsFull } from '../errors.ts'
import { chunkBytesMax, chunksKeptMinutes, chunksWaitingBytesMax } from '../limits.ts'
import type { Uploader } from '../ports.ts'
import type { ByteSource } from './zip-archive.ts'

/** Pieces of a source that are kept in memory while it is read. */
const piecesHeldMax = 2

/** Of a piece; lower-case. */
export const sha1Pattern = /^[0-9a-f]{40}$/

/** Pieces of a bundle are not there any more. */
export class ChunksGone extends Error {
  override readonly name = 'ChunksGone'
}

export class ChunkStore {
  readonly #pool: Pool

  constructor(pool: Pool) {
    this.#pool = pool
  }

  /** Deletes those that have waited too long. Errors by code: `problems.unavailable`. */
  async sweep(): Promise<void> {
    await guarded(() => this.#pool.query(`delete from upload_chunks where uploaded_at < now() - interval '${chunksKeptMinutes} minutes'`))
  }

  /** Errors by code: `problems.bad_chunk`, `problems.uploads_full`, `problems.unavailable`. */
  async put({ organizationId, owner }: Uploader, sha1: string, content: Buffer): Promise<void> {
    if (!sha1Pattern.test(sha1)) throw new AppError(badChunk, { publicText: 'A chunk is named by its SHA-1, 40 hexadecimal digits.' })
    if (content.byteLength > chunkBytesMax) throw new AppError(badChunk, { publicText: `A chunk has at most ${chunkBytesMax} bytes.` })
    if (createHash('sha1').update(content).digest('hex') !== sha1)
      throw new AppError(badChunk, { publicText: `The chunk ${sha1} has another content than its name says.` })
    await this.sweep()
    await guarded(async () => {
      // One that is there already takes no more room.
      const { rows } = await this.#pool.query<{ bytes: string | null }>(
        'select sum(size_bytes) as bytes from upload_chunks where organization_id = $1 and not (owner = $2 and sha1 = $3)',
        [organizationId, owner, sha1],
      )
      if (Number(rows[0]?.bytes) + content.byteLength > chunksWaitingBytesMax) throw new AppError(uploadsFull, { retryAfterSec: 60 })
      await this.#pool.query(
        `insert into upload_chunks (organization_id, owner, sha1, size_bytes, content) values ($1, $2, $3, $4, $5)
          on conflict (organization_id, owner, sha1) do update set uploaded_at = now()`,
        [organizationId, owner, sha1, content.byteLength, content],
      )
    })
  }

  /** Those of the pieces that are not there, each once. Errors by code: `problems.unavailable`. */
  async missing(uploader: Uploader, hashes: readonly string[]): Promise<string[]> {
    const sizes = await this.#sizes(uploader, hashes)
    return [...new Set(hashes)].filter((sha1) => !sizes.has(sha1))
  }

  /** The pieces behind one another; null when one is not there. Errors by code: `problems.unavailable`. */
  async open(uploader: Uploader, hashes: readonly string[]): Promise<ByteSource | null> {
    const sizes = await this.#sizes(uploader, hashes)
    const pieces: Piece[] = []
    let from = 0
    for (const sha1 of hashes) {
      const sizeBytes = sizes.get(sha1)
      if (sizeBytes === undefined) return null
      pieces.push({ sha1, from, sizeBytes })
      from += sizeBytes
    }
    return new PiecedSource(pieces, (sha1) => this.#content(uploader, sha1))
  }

  /** Errors by code: `problems.unavailable`. */
  async drop({ organizationId, owner }: Uploader, hashes: readonly string[]): Promise<void> {
    await guarded(() =>
      this.#pool.query('delete from upload_chunks where organization_id = $1 and owner = $2 and sha1 = any($3)', [
        organizationId,
        owner,
        [...hashes],
      ]),
    )
  }

  async #sizes({ organizationId, owner }: Uploader, hashes: readonly string[]): Promise<Map<string, number>> {
    const { rows } = await guarded(() =>
      this.#pool.query<{ sha1: string; size_bytes: number }>(
        'select sha1, size_bytes from upload_chunks where organization_id = $1 and owner = $2 and sha1 = any($3)',
        [organizationId, owner, [...hashes]],
      ),
    )
    return new Map(rows.map(({ sha1, size_bytes: sizeBytes }) => [sha1, sizeBytes]))
  }

  async #content({ organizationId, owner }: Uploader, sha1: string): Promise<Buffer> {
    const { rows } = await guarded(() =>
      this.#pool.query<{ content: Buffer }>('select content from upload_chunks where organization_id = $1 and owner = $2 and sha1 = $3', [
        organizationId,
        owner,
        sha1,
      ]),
    )
    const content = rows[0]?.content
    if (content === undefined) throw new ChunksGone()
    return content
  }
}

interface Piece {
  readonly sha1: string
  readonly from: number
  readonly sizeBytes: number
}

/** Reads across pieces; a few of them stay in memory. */
class PiecedSource implements ByteSource {
  readonly sizeBytes: number
  readonly #pieces: readonly Piece[]
  readonly #read: (sha1: string) => Promise<Buffer>
  /** The one used last at the end. */
  readonly #held = new Map<string, Buffer>()

  constructor(pieces: readonly Piece[], read: (sha1: string) => Promise<Buffer>) {
    this.#pieces = pieces
    this.#read = read
    this.sizeBytes = pieces.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  }

  async read(from: number, lengthBytes: number): Promise<Buffer> {
    const to = from + lengthBytes
    const parts: Buffer[] = []
    for (const piece of this.#pieces) {
      if (piece.from >= to || piece.from + piece.sizeBytes <= from) continue
      const content = await this.#content(piece.sha1)
      parts.push(content.subarray(Math.max(0, from - piece.from), Math.min(piece.sizeBytes, to - piece.from)))
    }
    const [only] = parts
    return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts)
  }

  async #content(sha1: string): Promise<Buffer> {
    const content = this.#held.get(sha1) ?? (await this.#read(sha1))
    this.#held.delete(sha1)
    this.#held.set(sha1, content)
    for (const oldest of this.#held.keys()) {
      if (this.#held.size <= piecesHeldMax) break
      this.#held.delete(oldest)
    }
    return content
  }
}

/** SHA-1 of all of a source, a piece at a time. */
export async function sha1Of(source: ByteSource): Promise<string> {
  const hash = createHash('sha1')
  for (let from = 0; from < source.sizeBytes; from += chunkBytesMax)
    hash.update(await source.read(from, Math.min(chunkBytesMax, source.sizeBytes - from)))
  return hash.digest('hex')
}
