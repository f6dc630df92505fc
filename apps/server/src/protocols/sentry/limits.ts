/** Bounds of what Sentry's clients send. The envelope as a whole is bounded as every body is (`ProtocolLimits`). */

export const sentryLimits = {
  /** Items of one envelope; clients send a handful, replay and logs in containers. */
  itemsMax: 1000,
  /** One line of JSON that describes the envelope or an item. */
  headerBytesMax: 64 * 1024,
  /** All of these lines of one envelope. */
  headersBytesMax: 1024 * 1024,
  /** One event or transaction. */
  eventBytesMax: 4 * 1024 * 1024,
  /** A container of logs or spans. */
  containerBytesMax: 12 * 1024 * 1024,
  /** Session, check-in, report, feedback: small things. */
  smallBytesMax: 1024 * 1024,
  /** Spans of one transaction, entries of one container. */
  spansMax: 10_000,
  entriesMax: 10_000,
  /** Members of all JSON of one item. */
  jsonMembersMax: 400_000,
  /** Members of all JSON of one envelope; items beyond are refused. */
  envelopeMembersMax: 1_000_000,
  /** Errors that caused one another. */
  exceptionsMax: 20,
  /** Frames of one stack: the innermost and the outermost halves are kept. */
  framesMax: 250,
  /** Lines of source beside a frame, on each side. */
  contextLinesMax: 5,
  breadcrumbsMax: 100,
  tagsMax: 200,
  contextValuesMax: 200,
  /** Characters of a message, a value of a tag, and whatever else is a text. */
  messageCharsMax: 8192,
  valueCharsMax: 2048,
  /** Bytes of the JSON that keeps the breadcrumbs: one attribute holds it. */
  breadcrumbsBytesMax: 32_000,
  /** Characters of a line of a log. */
  logBodyCharsMax: 64 * 1024,
  /** Groups of one `sessions` item. */
  sessionGroupsMax: 1000,
  /** Observations of sessions, and reports of what clients threw away, of one envelope. */
  observationsMax: 20_000,
  discardedMax: 2_000,
} as const
