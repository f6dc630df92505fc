/** Problems as the API and the screens see them. Times are ms since 1970; ids of problems are 16 hexadecimal digits. */
import type { Access } from '../accounts/index.ts'
import type { Scope } from '../kernel/scope.ts'
import type { Thrown } from './model.ts'

export type ProblemState = 'new' | 'ongoing' | 'regressed' | 'resolved' | 'ignored'
export type ProblemDecision = 'resolved' | 'ignored' | 'reopened'

/** `[fromMs, toMs]`, widened to whole hours: so counts are kept. */
export interface ProblemRange {
  readonly fromMs: number
  readonly toMs: number
}

export interface ProblemFilter extends ProblemRange {
  /** In title or place, case aside; '' for all, as the others. */
  readonly text: string
  readonly release: string
  readonly environment: string
  readonly service: string
}

export type ProblemOrder = 'last' | 'first' | 'count' | 'users'

export interface ProblemListRequest extends ProblemFilter {
  readonly state: ProblemState | 'open' | 'all'
  readonly order: ProblemOrder
  readonly limit: number
}

export interface Problem {
  readonly id: string
  readonly title: string
  readonly place: string
  readonly type: string
  readonly severity: number
  readonly service: string
  readonly state: ProblemState
  /** Of the range. */
  readonly count: number
  readonly users: number
  readonly firstMs: number
  readonly lastMs: number
  readonly firstRelease: string
  readonly lastRelease: string
  /** Events by equal parts of the range. */
  readonly spark: readonly number[]
}

export interface ProblemList {
  readonly items: readonly Problem[]
  readonly states: Readonly<Record<ProblemState, number>>
  readonly isCut: boolean
}

export interface TagValues {
  readonly tag: string
  readonly values: readonly { readonly value: string; readonly count: number }[]
  readonly total: number
}

export interface ProblemDetail extends Problem {
  readonly totalCount: number
  readonly totalUsers: number
  readonly tags: readonly TagValues[]
  readonly releases: readonly { readonly release: string; readonly count: number; readonly firstMs: number; readonly lastMs: number }[]
  readonly decidedBy: string | null
  readonly decidedMs: number | null
}

export interface ProblemEventRow {
  /** 32 hexadecimal digits, as the id of the row of logs it is. */
  readonly id: string
  readonly atMs: number
  readonly message: string
  readonly release: string
  readonly environment: string
  readonly service: string
  readonly user: string
  /** '' for none. */
  readonly traceId: string
  readonly spanId: string
}

/** A frame with what a source map says of it. */
export interface ShownFrame {
  readonly function: string
  readonly file: string
  readonly line: number
  readonly column: number
  readonly isInApp: boolean
  readonly context: readonly string[]
  readonly contextFrom: number
  readonly raw: string | null
  readonly unresolved: string | null
}

export interface ShownError extends Omit<Thrown, 'frames'> {
  readonly frames: readonly ShownFrame[]
}

export interface Breadcrumb {
  readonly timestamp: string | null
  readonly category: string
  readonly level: string
  readonly message: string
  readonly data: string
}

export interface ProblemEvent extends ProblemEventRow {
  readonly severity: number
  readonly errors: readonly ShownError[]
  readonly stackText: string
  readonly breadcrumbs: readonly Breadcrumb[]
  readonly tags: Readonly<Record<string, string>>
  readonly attributes: Readonly<Record<string, string>>
  readonly newer: string | null
  readonly older: string | null
}

/** What sessions say of a release. */
export interface SessionTotals {
  readonly release: string
  readonly environment: string
  readonly sessions: number
  readonly crashed: number
  readonly errored: number
  readonly abnormal: number
  readonly users: number
  readonly crashedUsers: number
}

export interface ReleaseHealth extends SessionTotals {
  /** Events of problems. */
  readonly errors: number
  readonly problems: number
  readonly newProblems: number
  readonly firstMs: number | null
  readonly lastMs: number | null
}

export interface Feedback {
  readonly id: string
  readonly atMs: number
  readonly name: string
  readonly email: string
  readonly message: string
  readonly url: string
  readonly release: string
  readonly environment: string
  readonly traceId: string
  readonly eventId: string
}

/** Whose data are read, and until when somebody waits for them. */
export interface Reading {
  readonly scope: Scope
  readonly signal: AbortSignal
}

export interface EventPage {
  readonly limit: number
  /** Id of the last event of the page before. */
  readonly cursor: string | null
}

/** Errors by code: `problems.*`, those of the engine. */
export interface Problems {
  list(reading: Reading, request: ProblemListRequest): Promise<ProblemList>
  detail(reading: Reading, id: string, range: ProblemRange): Promise<ProblemDetail>
  /** Newest first. */
  events(reading: Reading, id: string, page: EventPage): Promise<{ items: ProblemEventRow[]; next: string | null }>
  /** `event` is an id, or `latest`. */
  event(reading: Reading, id: string, event: string): Promise<ProblemEvent>
  /** Gives how many problems were decided about. */
  decide(access: Access, ids: readonly string[], decision: ProblemDecision): Promise<number>
  releases(reading: Reading, range: ProblemRange): Promise<ReleaseHealth[]>
  /** Newest first. */
  feedback(reading: Reading, page: EventPage): Promise<{ items: Feedback[]; next: string | null }>
}

export interface SourceMapFile {
  readonly id: string
  readonly release: string
  readonly dist: string
  readonly name: string
  readonly debugId: string | null
  readonly sizeBytes: number
  readonly uploadedMs: number
  readonly uploadedBy: string
}

export interface SourceMapDraft {
  readonly release: string
  readonly dist: string
  readonly name: string
  readonly debugId: string | null
  /** JSON of the map. */
  readonly map: string
}

/** Errors by code: `problems.bad_source_map`, `problems.source_maps_full`, `problems.source_map_not_found`, `problems.unavailable`. */
export interface SourceMaps {
  /** Newest first. */
  list(access: Access): Promise<SourceMapFile[]>
  /** One of the same release, dist, name and debug id is replaced. */
  put(access: Access, draft: SourceMapDraft): Promise<SourceMapFile>
  remove(access: Access, id: string): Promise<void>
}

/** Who sends pieces of an upload: they are put together for nobody else. */
export interface Uploader {
  readonly organizationId: number
  /** Kind and id of the caller. */
  readonly owner: string
}

export interface BundleRequest {
  /** SHA-1 of the whole bundle, and of its pieces in their order. */
  readonly checksum: string
  readonly chunks: readonly string[]
  /** '' for none: files are found by their debug ids alone. */
  readonly release: string
  readonly dist: string
}

/** `not_found`: pieces are missing; `assembling`: ask again; `error`: `detail` says why nothing more will come of it. */
export interface BundleState {
  readonly state: 'not_found' | 'assembling' | 'ok' | 'error'
  readonly missingChunks: readonly string[]
  readonly detail: string | null
}

/** Errors by code: `problems.bad_chunk`, `problems.uploads_full`, `problems.unavailable`. */
export interface BundleUploads {
  putChunk(uploader: Uploader, sha1: string, content: Buffer): Promise<void>
  /** Puts source maps of a bundle into the projects, one access each; waits a little for the end. */
  assemble(uploader: Uploader, accesses: readonly Access[], request: BundleRequest): Promise<BundleState>
}

export interface ReleaseCommit {
  readonly id: string
  readonly repository: string
  readonly author: string
  /** Its first line. */
  readonly message: string
  readonly atMs: number | null
}

/** A release as it was told, by `sentry-cli` say; how it does is `ReleaseHealth`. */
export interface ToldRelease {
  readonly version: string
  readonly url: string | null
  readonly createdMs: number
  readonly startedMs: number | null
  readonly releasedMs: number | null
  readonly isArchived: boolean
  /** Newest first. */
  readonly commits: readonly ReleaseCommit[]
  readonly createdBy: string
}

/** What is told of a release; undefined: nothing about this. */
export interface ReleaseDraft {
  readonly url?: string | null | undefined
  readonly startedMs?: number | null | undefined
  readonly releasedMs?: number | null | undefined
  readonly isArchived?: boolean | undefined
  readonly commits?: readonly ReleaseCommit[] | undefined
}

/** Of one project, that of the access. Errors by code: `problems.release_not_found`, `problems.unavailable`. */
export interface Releases {
  /** Newest first. */
  list(access: Access, limit: number): Promise<ToldRelease[]>
  /** Those of the accesses, one project each and all of one organization, whose project has it. */
  having(accesses: readonly Access[], version: string): Promise<Access[]>
  /** Null: it was not told of. */
  get(access: Access, version: string): Promise<ToldRelease | null>
  /** The newest before it that has commits. */
  previous(access: Access, version: string): Promise<ToldRelease | null>
  /** Makes it, or changes what the draft says. */
  put(access: Access, version: string, draft: ReleaseDraft): Promise<ToldRelease>
  /** Its source maps, errors and deploys stay. */
  remove(access: Access, version: string): Promise<void>
}
