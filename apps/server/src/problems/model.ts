/**
 * What is known of an error, whoever reported it, and the names of the attributes that carry it on a log record. `exception.type`, `.message`
 * and `.stacktrace` are those of OpenTelemetry's conventions; the others are ours.
 */

export interface Frame {
  readonly function: string
  readonly module: string
  /** As sent: path or address. */
  readonly file: string
  /** From 1; 0: not known. */
  readonly line: number
  readonly column: number
  /** Null: the sender did not say. */
  readonly isInApp: boolean | null
  readonly before: readonly string[]
  readonly source: string
  readonly after: readonly string[]
}

export interface Thrown {
  readonly type: string
  readonly message: string
  /** `onunhandledrejection`, `generic`; ''. */
  readonly mechanism: string
  readonly isHandled: boolean | null
  /** The innermost call first. */
  readonly frames: readonly Frame[]
}

/** What an error is grouped by. */
export interface ErrorFacts {
  /** What was caught first, then what caused it; empty for a message. */
  readonly chain: readonly Thrown[]
  /** Of an event without an error: its template, else its text. */
  readonly message: string
  /** Where the program says it was, without a stack: `GET /cart`; ''. */
  readonly operation: string
  /** `['{{ default }}', 'payments']`; empty: none of its own. */
  readonly fingerprint: readonly string[]
}

export const errorAttributes = {
  type: 'exception.type',
  message: 'exception.message',
  stack: 'exception.stacktrace',
  /** How often the span of a row that comes from a span has it, apart in time; there is none where it is once. */
  times: 'exception.times',
  /** JSON of `Thrown[]`. */
  chain: 'exception.chain',
  /** JSON of strings. */
  fingerprint: 'problem.fingerprint',
  /** Text of a message before its parameters were put in. */
  template: 'message.template',
  operation: 'transaction',
  /** JSON of what happened before. */
  breadcrumbs: 'breadcrumbs',
  /** JSON: `{file: debug id}` of the program's own files. */
  debugIds: 'debug_ids',
  userId: 'user.id',
  userEmail: 'user.email',
  userName: 'user.name',
  clientAddress: 'client.address',
  /** A pseudonym: people are counted by it also where the rest was scrubbed. */
  userHash: 'user.hash',
  /** Where it was thrown, when source maps told it as it came in. */
  place: 'problem.place',
  dist: 'dist',
  eventId: 'event.id',
} as const

/** Attributes that begin so are tags. */
export const tagPrefix = 'tags.'
