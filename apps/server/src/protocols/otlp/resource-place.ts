/** Where the resource stands in a `ResourceLogs` or `ResourceSpans`: its field is 1 in both, and it may come behind the rows. */
import type { ProtoCursor } from '../protobuf/cursor.ts'

/** Field 1, length-delimited. */
const resourceTag = 10

/** The last one counts; empty, at the beginning, when there is none. The cursor stands where it stood. */
export function resourcePlace(cursor: ProtoCursor): { start: number; end: number } {
  const from = cursor.pos
  const place = { start: from, end: from }
  while (cursor.pos < cursor.end) {
    const tag = cursor.readTag()
    if (tag === resourceTag) {
      const length = cursor.readLength()
      place.start = cursor.pos
      cursor.pos = place.end = cursor.pos + length
    } else cursor.skip(tag)
  }
  cursor.pos = from
  return place
}
