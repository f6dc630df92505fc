/**
 * The vocabulary of ingest: what a log record is, what a kind of data must bring, what the counters count.
 * Life of a record: admitted → appended to the log and fsynced → acknowledged → its segment is sealed → inserted with the
 * segment's token → the segment is deleted. A segment is the unit of insertion, so a repeated insert carries the same token.
 */
import type { Tenant } from '../kernel/scope.ts'

/** What sort of data: one `KindHandler` each. */
export const kinds = ['metrics', 'logs', 'spans'] as const
export type Kind = (typeof kinds)[number]

/**
 * - `ready`: decoded, indexed columns; the writer only turns them into inserts.
 * - `raw`: bodies as received, decoded by workers later.
 * - `low`: like `raw`, for projects in the low-priority queue.
 */
export type Lane = 'ready' | 'raw' | 'low'

/**
 * One accepted request. `payload` belongs to the log from `append` on; do not touch it afterwards. Read back, it is a view that
 * may begin at any byte offset: copy before making wider typed arrays of it.
 */
export interface LogRecord {
  readonly kind: Kind
  readonly tenant: Tenant
  /** Data points inside, for the counters and the size of a batch; 1 for a body in the lane `low`, which nobody has read yet. */
  readonly rows: number
  /** Which encoding `payload` has; the kind's handler knows them (`metrics` ready = 1). A raw record: the protocol's number. */
  readonly format: number
  readonly payload: Uint8Array
}

/**
 * Where a segment comes from: this life of the program, an earlier one (its records were recovered at start), or the dead letters
 * (its records may be in no index). Of all but `new` ones some inserts may have been done already.
 */
export type SegmentOrigin = 'new' | 'recovered' | 'replayed'

/** A sealed run of records, inserted as one batch. `token` is the same after a crash. */
export interface Segment {
  readonly lane: Lane
  /** Position in its lane, counting up for ever. */
  readonly sequence: number
  /** `<log id>-<lane>-<sequence>`; insert tokens are made of it and the table's name. */
  readonly token: string
  readonly rows: number
  readonly sizeBytes: number
  readonly origin: SegmentOrigin
  /** Reads the records back (from memory when they are still there). They are good until the segment is committed. */
  read(): Promise<readonly LogRecord[]>
}

/**
 * The durable log between door and stores. Implementations: local spool; later JetStream. Both pass `ingestLogContract`.
 * Errors by code: `ingest.log_full` (bounded size reached; retry later), `ingest.log_unavailable` (disk full, read-only or broken).
 */
export interface IngestLog extends AsyncDisposable {
  /** Resolves once the record is durable; rejects with nothing kept. */
  append(lane: Lane, record: LogRecord): Promise<void>
  /** The oldest sealed segment not yet taken; waits for one. Null after `signal` aborts. Taken segments stay until committed. */
  take(lane: Lane, signal: AbortSignal): Promise<Segment | null>
  /** The segment is in the stores; forget it. */
  commit(segment: Segment): Promise<void>
  /**
   * The stores refuse the segment for ever: moved to the dead letters with the reason. With `records` only these of it are, under a token of
   * their own (the same one when it is said again), and the rest of the segment, which is in the stores, is forgotten.
   */
  bury(segment: Segment, reason: string, records?: readonly LogRecord[]): Promise<void>
  /** Seals what is open now, so that it can be taken without waiting for its second to end. */
  seal(): Promise<void>
  /** What is in the log and not committed; of these lanes, or of all. */
  backlog(lanes?: readonly Lane[]): LogBacklog
}

export interface LogBacklog {
  readonly segments: number
  readonly records: number
  readonly rows: number
  readonly sizeBytes: number
  readonly sizeBytesMax: number
  /** Age of the oldest uncommitted record, ms, whatever becomes of the wall clock meanwhile; 0 when empty. */
  readonly oldestMs: number
}

/** A record found at start with the lane it is in. */
export interface RecoveredRecord {
  readonly lane: Lane
  readonly record: LogRecord
}

export interface DeadLetterTenant {
  readonly organizationId: number
  readonly projectId: number
  readonly kind: Kind
  readonly rows: number
}

/** A segment that the stores refused for ever. It may hold records of several tenants. */
export interface DeadLetter {
  readonly id: string
  readonly lane: Lane
  readonly token: string
  readonly reason: string
  /** ms since 1970. */
  readonly buriedAtMs: number
  readonly rows: number
  readonly records: number
  readonly sizeBytes: number
  /** The largest first, bounded; empty when the segment could not be read. */
  readonly tenants: readonly DeadLetterTenant[]
}

/** Dead letters can be looked at, queued again (same token) and deleted. Error by code: `ingest.dead_letter_not_found`. */
export interface DeadLetters {
  listDeadLetters(): Promise<readonly DeadLetter[]>
  /** Back into its lane as a new segment; resolves to what it holds, every tenant named. */
  replayDeadLetter(id: string): Promise<DeadLetter>
  discardDeadLetter(id: string): Promise<void>
}

/**
 * Asks the engine for some rows of an insert, at least one of each partition (the engine keeps or loses a partition's rows
 * together). `sql` gives one number, UInt64: how many of them are there; all of them are `rows`.
 */
export interface InsertProbe {
  readonly sql: string
  readonly rows: number
}

/** One INSERT. Columns are named in `columns`; `body` is a sequence of Native blocks with exactly them. */
export interface TableInsert {
  readonly table: string
  readonly columns: readonly string[]
  readonly rows: number
  readonly body: readonly Uint8Array[]
  readonly probe: InsertProbe
  /** Where a repetition may hold other rows: what tells them apart. It goes into the token, so other rows are no duplicate. */
  readonly variant?: string
  /** To be called once when the insert is done and its body no longer needed: the memory of the body is used again. */
  readonly release?: () => void
}

/** What became of a raw record. */
export interface ProcessedRaw {
  /** Null when nothing of it is left. */
  readonly record: LogRecord | null
  /** Data points that the body held; depends on nothing but its bytes. */
  readonly rows: number
  /** What it held beside them of another kind: counted as received by the handler, as queued by the writer. */
  readonly also?: readonly LogRecord[]
}

/** What a kind of data brings to the common path. */
export interface KindHandler {
  readonly kind: Kind
  /**
   * Asks others for what `buildInserts` of the same records needs. Comes to an end soon whoever is away, and never rejects: what was not
   * answered is done without. The inserts of a repetition may say the same in another way, so they must mean the same.
   */
  prepare?(records: readonly LogRecord[]): Promise<void>
  /**
   * Inserts for the records of one segment; the same records give the same inserts in the same order, because the writer numbers
   * several inserts of one table for their tokens. An insert spans at most 100 of its table's partitions: rows that arrive late
   * are split off into further inserts of the same table here, where their times are known. Never empty of the kind's main table. `token`
   * names the segment, or the portion of it: it stays the same when damage takes records away in between. Taken one by one, with other
   * work in between; null is a pause and no insert.
   */
  buildInserts(records: readonly LogRecord[], token: string): Iterable<TableInsert | null>
  /**
   * A raw record decoded to a ready one. The handler counts what it leaves out as refused or dropped, and as received what the body
   * held beyond `record.rows` (a body of the lane `low` is one row until it is read), so that `record.rows` + that = rows of the
   * answer + those; the writer takes the difference out of the queue. `place` names the record among all of the log: the same record at
   * the same place gives the same rows, also after a restart, because the engine may know their insert already.
   */
  processRaw(record: LogRecord, place: string): ProcessedRaw
  /** A record found in the log at start, or come back from the dead letters: make it visible to queries again. */
  recover(record: LogRecord): void
  /** The records were moved to the dead letters: what later ones leave out because these brought it must be brought again. */
  buried(records: readonly LogRecord[]): void
}

/** received = stored + refused + dropped + queued, per project and kind, since this process started (recovered rows count as received). */
export interface ConservationRow {
  readonly organizationId: number
  readonly projectId: number
  readonly kind: Kind
  readonly received: number
  readonly stored: number
  /** By reason: the sender was told. */
  readonly refused: Readonly<Record<string, number>>
  /** By reason: accepted and then left out by a rule or a limit; dead letters are `dead_letter`. */
  readonly dropped: Readonly<Record<string, number>>
  readonly queued: number
  readonly bytes: number
  /** By reason: parts of rows (attributes, events) that the rows were stored without. They are no rows, so the law leaves them out. */
  readonly leftOut: Readonly<Record<string, number>>
}

/** The counters every door and the writer feed. */
export interface Conservation {
  received(tenant: Tenant, kind: Kind, rows: number, bytes: number): void
  refused(tenant: Tenant, kind: Kind, reason: string, rows: number): void
  dropped(tenant: Tenant, kind: Kind, reason: string, rows: number): void
  /** Appended durably and not yet inserted. Negative where rows of a raw record were refused or dropped on decoding. */
  queued(tenant: Tenant, kind: Kind, rows: number): void
  /** Inserted: leaves the queue. */
  stored(tenant: Tenant, kind: Kind, rows: number): void
  /** Found in the log at start. */
  recovered(tenant: Tenant, kind: Kind, rows: number): void
  /** Buried: leaves the queue as dropped `dead_letter`. */
  buried(tenant: Tenant, kind: Kind, rows: number): void
  /** Rows are kept without so many of their parts. */
  leftOut(tenant: Tenant, kind: Kind, reason: string, parts: number): void
  rows(): readonly ConservationRow[]
}

/** How a request proved which project it belongs to, before any decoding. */
export interface AdmissionRequest {
  readonly kind: Kind
  /** The key in the protocol's own place, or null. */
  readonly key: string | null
  /** Proven otherwise, as by an API token: the key does not matter then. */
  readonly tenant?: Tenant
  /** Peer address, for anonymous ingest from this machine. */
  readonly remoteAddress: string
  /** Size of the body as received (compressed). */
  readonly sizeBytes: number
}

export interface Admitted {
  readonly tenant: Tenant
  /** `ready`: decode now. `raw` or `low`: append the body and answer. */
  readonly lane: Lane
}

/**
 * The one door. Errors by code: `ingest.key_missing`, `ingest.key_unknown` (unauthenticated), `ingest.rate_limited`,
 * `ingest.log_full` (limit, with Retry-After), `ingest.stopping` (unavailable).
 */
export interface Admission {
  admit(request: AdmissionRequest): Admitted
}
