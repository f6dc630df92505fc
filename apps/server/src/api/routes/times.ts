/** Times and pages as the wire has them. */

/** RFC 3339 in UTC with milliseconds. */
export function wireTime(timeMs: number): string {
  return new Date(timeMs).toISOString()
}

export function wireTimeOrNull(timeMs: number | null): string | null {
  return timeMs === null ? null : wireTime(timeMs)
}

/** A list that is always whole. */
export function wholePage<Item>(items: Item[]): { items: Item[]; next: null } {
  return { items, next: null }
}
