/**
 * Source maps in PostgreSQL: which file of which release they are for, and their content by its hash, so that a file that many releases share is
 * kept once. Found by debug id first, because it says exactly which build it is; then by release and name.
 */
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import zlib from 'node:zlib'
import type { TraceMap } from '@jridgewell/trace-mapping'
import type { Pool, PoolClient } from 'pg'
import { writeAuditEntry, type Access } from '../accounts/index.ts'
import { AppError } from '../kernel/errors.ts'
import type { Scope } from '../kernel/scope.ts'
import { isRecord, jsonOf } from './error-facts.ts'
import { guarded, inTransaction } from './database.ts'
import { badSourceMap, sourceMapNotFound, sourceMapsFull } from './errors.ts'
import {
  sourceMapBytesMax,
  sourceMapCacheBytesMax,
  sourceMapLinesMax,
  sourceMapsBytesMax,
  sourceMapSectionsMax,
  sourceMapSegmentsMax,
  sourceMapsMax,
} from './limits.ts'
import { parseMap, ParsedMaps } from './parsed-map.ts'
import type { SourceMapDraft, SourceMapFile, SourceMaps } from './ports.ts'

interface FileRow {
  readonly id: number
  readonly release: string
  readonly dist: string
  readonly name: string
  readonly debug_id: string | null
  readonly size_bytes: string
  readonly sha256: string
  readonly uploaded_at: Date
  readonly uploaded_by: string
}

/** Whose source maps they are. */
type Owner = Pick<Scope, 'organizationId' | 'projectIds'>

/** Where an event says that its minified code comes from. */
export interface BuildFacts {
  readonly release: string
  readonly dist: string
  /** Debug ids by file; files as frames name them. */
  readonly debugIds: Readonly<Record<string, string>>
}

const gzip = promisify(zlib.gzip)
const gunzip = promisify(zlib.gunzip)
const idPattern = /^[1-9]\d{0,8}$/
/** Of the advisory lock of contents. */
const contentsLock = 7_266_154
const controlPattern = /\p{Cc}/u
const debugIdPattern = /^[0-9a-f]{32}$/

/** `https://a.example/assets/app.js?x`, `app:///assets/app.js` and `/assets/app.js.map` are all `~/assets/app.js`. */
export function normalizedName(name: string): string {
  const plain = name
    .trim()
    .replace(/[?#].*$/, '')
    .replace(/\.map$/, '')
  const path = plain.replace(/^[a-z][a-z0-9+.-]{0,20}:\/\/[^/]*/i, '').replace(/^~/, '')
  return path === '' ? '' : `~/${path.replace(/^\/+/, '')}`
}

export class SourceMapStore implements SourceMaps {
  readonly #pool: Pool
  readonly #parsed = new ParsedMaps(sourceMapCacheBytesMax)
  /** Counts what was changed through this program. */
  changes = 0

  constructor(pool: Pool) {
    this.#pool = pool
  }

  async list({ scope }: Access): Promise<SourceMapFile[]> {
    const { rows } = await guarded(() =>
      this.#pool.query<FileRow>(
        `select * from source_maps where organization_id = $1 and project_id = any($2) order by uploaded_at desc, id desc limit ${sourceMapsMax}`,
        [scope.organizationId, scope.projectIds],
      ),
    )
    return rows.map(toFile)
  }

  async put(access: Access, draft: SourceMapDraft): Promise<SourceMapFile> {
    const ready = await checked(draft)
    return await this.#transaction(async (client) => {
      const made = await putOne(client, { access, ready, whenFull: 'refuse' })
      await dropUnused(client)
      await writeAuditEntry(client, access, {
        action: 'source_maps.upload',
        target: `project:${access.scope.projectIds[0]}`,
        detail: { release: draft.release, name: made.name },
      })
      return toFile(made)
    })
  }

  /**
   * One of a build, for the project of each access. Where a project is full the oldest go: builds follow one another, and none may fail for those
   * before it. Errors by code: as `put`.
   */
  async putOfBuild(accesses: readonly Access[], draft: SourceMapDraft): Promise<void> {
    const ready = await checked(draft)
    for (const access of accesses) await this.#transaction((client) => putOne(client, { access, ready, whenFull: 'drop oldest' }))
  }

  /** After the files of a build: it is told in the audit log, and content that nothing needs any more goes. */
  async endBuild(accesses: readonly Access[], { release, files }: { readonly release: string; readonly files: number }): Promise<void> {
    await this.#transaction(async (client) => {
      await dropUnused(client)
      for (const access of accesses)
        await writeAuditEntry(client, access, {
          action: 'source_maps.upload',
          target: `project:${access.scope.projectIds[0]}`,
          detail: { release, files: `${files}` },
        })
    })
  }

  async remove(access: Access, id: string): Promise<void> {
    if (!idPattern.test(id)) throw new AppError(sourceMapNotFound)
    await this.#transaction(async (client) => {
      const { organizationId, projectIds } = access.scope
      const { rows } = await client.query<FileRow>(
        'delete from source_maps where id = $1 and organization_id = $2 and project_id = any($3) returning *',
        [Number(id), organizationId, projectIds],
      )
      const [gone] = rows
      if (gone === undefined) throw new AppError(sourceMapNotFound)
      await dropUnused(client)
      await writeAuditEntry(client, access, {
        action: 'source_maps.delete',
        target: `project:${projectIds[0]}`,
        detail: { release: gone.release, name: gone.name },
      })
    })
  }

  /** Whether the projects have any. Errors by code: `problems.unavailable`. */
  async hasAny({ organizationId, projectIds }: Owner): Promise<boolean> {
    const { rows } = await guarded(() =>
      this.#pool.query('select 1 from source_maps where organization_id = $1 and project_id = any($2) limit 1', [
        organizationId,
        projectIds,
      ]),
    )
    return rows.length > 0
  }

  /** The map of a minified file; null: there is none. Errors by code: `problems.unavailable`. */
  async find(owner: Owner, file: string, build: BuildFacts): Promise<TraceMap | null> {
    const sha256 = await this.#hashOf(owner, file, build)
    if (sha256 === null) return null
    const known = this.#parsed.get(sha256)
    if (known !== null) return known
    const { rows } = await guarded(() =>
      this.#pool.query<{ content: Buffer }>('select content from source_map_contents where sha256 = $1', [sha256]),
    )
    const content = rows[0]?.content
    if (content === undefined) return null
    const text = (await gunzip(content, { maxOutputLength: sourceMapBytesMax })).toString('utf8')
    const parsed = parseMap(jsonOf(text), text.length)
    if (parsed === null) return null
    this.#parsed.add(sha256, parsed)
    return parsed.map
  }

  async #hashOf({ organizationId, projectIds }: Owner, file: string, { release, dist, debugIds }: BuildFacts): Promise<string | null> {
    const debugId = debugIds[file] ?? null
    const name = normalizedName(file)
    const { rows } = await guarded(() =>
      this.#pool.query<{ sha256: string }>(
        `select sha256 from source_maps where organization_id = $1 and project_id = any($2)
          and (debug_id = $3 or ($4 <> '' and release = $4 and dist in ($5, '') and $6 <> '' and right($6, length(name) - 1) = right(name, -1)))
          order by debug_id = $3 desc nulls last, length(name) desc, dist = $5 desc, id desc limit 1`,
        [organizationId, projectIds, debugId, release, dist, name],
      ),
    )
    return rows[0]?.sha256 ?? null
  }

  async #transaction<Result>(run: (client: PoolClient) => Promise<Result>): Promise<Result> {
    const result = await inTransaction(this.#pool, async (client) => {
      // A content that one brings may be what another has just stopped using.
      await client.query('select pg_advisory_xact_lock($1)', [contentsLock])
      return await run(client)
    })
    this.changes++
    return result
  }
}

/** A source map that can be kept. */
interface ReadyMap {
  readonly release: string
  readonly dist: string
  readonly name: string
  readonly debugId: string | null
  readonly sizeBytes: number
  readonly sha256: string
  /** gzip. */
  readonly content: Buffer
}

const bounds = `of at most ${sourceMapLinesMax} lines, ${sourceMapSegmentsMax} mappings and ${sourceMapSectionsMax} sections in their order`

/** Errors by code: `problems.bad_source_map`. */
async function checked({ release, dist, name: given, map, debugId }: SourceMapDraft): Promise<ReadyMap> {
  const sizeBytes = Buffer.byteLength(map)
  if (sizeBytes > sourceMapBytesMax)
    throw new AppError(badSourceMap, { publicText: `A source map has at most ${sourceMapBytesMax} bytes.` })
  if (controlPattern.test(`${release}${dist}${given}`))
    throw new AppError(badSourceMap, { publicText: 'Releases, distributions and names of files have no control characters.' })
  const json = jsonOf(map)
  if (parseMap(json, map.length) === null)
    throw new AppError(badSourceMap, {
      publicText: `This is no source map: JSON of version 3 with sources and mappings is expected, ${bounds}.`,
    })
  const named = isRecord(json) ? (json['debug_id'] ?? json['debugId']) : null
  const id = (debugId ?? (typeof named === 'string' ? named : '')).replaceAll('-', '').toLowerCase()
  if (id !== '' && !debugIdPattern.test(id)) throw new AppError(badSourceMap, { publicText: 'A debug id has 32 hexadecimal digits.' })
  const name = normalizedName(given)
  if (id === '' && (release === '' || name === ''))
    throw new AppError(badSourceMap, { publicText: 'Say release and name of the minified file, or send a map with a debug id.' })
  return {
    release,
    dist,
    name: name === '' ? `debug-id/${id}` : name,
    debugId: id === '' ? null : id,
    sizeBytes,
    sha256: createHash('sha256').update(map).digest('hex'),
    content: await gzip(map),
  }
}

interface Put {
  readonly access: Access
  readonly ready: ReadyMap
  readonly whenFull: 'refuse' | 'drop oldest'
}

/** Errors by code: `problems.source_maps_full`. */
async function putOne(client: PoolClient, { access, ready, whenFull }: Put): Promise<FileRow> {
  const { organizationId, projectIds } = access.scope
  const [projectId] = projectIds
  const { release, dist, name, debugId, sizeBytes, sha256 } = ready
  // Two at once are counted one after the other.
  await client.query('select 1 from projects where id = $1 for update', [projectId])
  await client.query(
    `delete from source_maps where organization_id = $1 and project_id = $2 and release = $3 and dist = $4 and name = $5
      and debug_id is not distinct from $6`,
    [organizationId, projectId, release, dist, name, debugId],
  )
  const room = { organizationId, projectId, sizeBytes }
  await (whenFull === 'refuse' ? checkRoom(client, room) : makeRoom(client, room))
  await client.query('insert into source_map_contents (sha256, content) values ($1, $2) on conflict (sha256) do nothing', [
    sha256,
    ready.content,
  ])
  const { rows } = await client.query<FileRow>(
    `insert into source_maps (organization_id, project_id, release, dist, name, debug_id, size_bytes, sha256, uploaded_by)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning *`,
    [organizationId, projectId, release, dist, name, debugId, sizeBytes, sha256, access.caller.name],
  )
  const [made] = rows
  if (made === undefined) throw new Error('a source map that was written is not there')
  return made
}

interface Room {
  readonly organizationId: number
  readonly projectId: number | undefined
  readonly sizeBytes: number
}

/** Errors by code: `problems.source_maps_full`. */
async function checkRoom(client: PoolClient, { organizationId, projectId, sizeBytes }: Room): Promise<void> {
  const { rows } = await client.query<{ files: string; bytes: string | null }>(
    'select count(*) as files, sum(size_bytes) as bytes from source_maps where organization_id = $1 and project_id = $2',
    [organizationId, projectId],
  )
  const [row] = rows
  if (Number(row?.files) >= sourceMapsMax || Number(row?.bytes) + sizeBytes > sourceMapsBytesMax) throw new AppError(sourceMapsFull)
}

/** The newest that leave room for one more stay. */
async function makeRoom(client: PoolClient, { organizationId, projectId, sizeBytes }: Room): Promise<void> {
  await client.query(
    `delete from source_maps where id in (
      select id from (
        select id, row_number() over newest as place, sum(size_bytes) over newest as bytes
          from source_maps where organization_id = $1 and project_id = $2 window newest as (order by uploaded_at desc, id desc)
      ) counted where place >= $3 or bytes > $4)`,
    [organizationId, projectId, sourceMapsMax, sourceMapsBytesMax - sizeBytes],
  )
}

async function dropUnused(client: PoolClient): Promise<void> {
  await client.query('delete from source_map_contents c where not exists (select 1 from source_maps m where m.sha256 = c.sha256)')
}

function toFile(row: FileRow): SourceMapFile {
  return {
    id: `${row.id}`,
    release: row.release,
    dist: row.dist,
    name: row.name,
    debugId: row.debug_id,
    sizeBytes: Number(row.size_bytes),
    uploadedMs: row.uploaded_at.getTime(),
    uploadedBy: row.uploaded_by,
  }
}
