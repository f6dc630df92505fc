/** Ids of traces as people paste them. */

/** The trace id in a text that is nothing else: 32 hexadecimal digits, with dashes as a UUID, or a W3C `traceparent`. Null for any other text. */
export function readTraceId(text: string): string | null {
  const trimmed = text.trim().toLowerCase()
  const parent = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/.exec(trimmed)
  const id = parent?.[1] ?? (/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(trimmed) ? trimmed.replaceAll('-', '') : trimmed)
  return /^[0-9a-f]{32}$/.test(id) && !/^0+$/.test(id) ? id : null
}
