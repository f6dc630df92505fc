/**
 * JSON lines to rows. A line is `{"metric":{"__name__":…},"values":[…],"timestamps":[…]}` (ms), as VictoriaMetrics exports and imports
 * them, or a flat object whose members are taken as columns.
 */
import { shown } from '../decode/label-text.ts'
import { isUtf8 } from 'node:buffer'
import { hasMoreJsonThan } from '../body/json-extent.ts'
import { lineBytesMax, lineExtentMax } from './limits.ts'
import { mappedRow, type RowContext, refused, type TimeBounds } from './mapped-row.ts'
import { findMapping } from './mapping.ts'
import type { ImportMapping } from './ports.ts'
import type { ImportRow, RowReader } from './rows.ts'
import { normalizedLabels } from '../decode/label-text.ts'

const lineFeed = 10

/** Errors while reading: `import.mapping`. */
export function jsonRows(body: AsyncIterable<Uint8Array>, given: ImportMapping, bounds: TimeBounds): RowReader {
  let lines = 0
  async function* rows(): AsyncGenerator<ImportRow> {
    let context: RowContext | null = null
    for await (const bytes of linesOf(body)) {
      lines++
      if (bytes === null) {
        yield refused(lines, 'malformed_line', `the line is longer than ${lineBytesMax} bytes`)
        continue
      }
      const parsed = parseLine(bytes)
      if (parsed === null) continue
      if (typeof parsed === 'string') yield refused(lines, 'malformed_line', parsed)
      else if (isObject(parsed['metric'])) yield* seriesOf(lines, parsed, given, bounds)
      else {
        const cells = (column: string): string | null => cellText(parsed[column])
        if (context === null) {
          const columns = Object.keys(parsed)
          yield { kind: 'columns', columns }
          const found = findMapping(columns, cells, given)
          context = { found, given, bounds }
          yield { kind: 'mapping', mapping: found }
        }
        yield* mappedRow(lines, cells, context)
      }
    }
  }
  return { rows: rows(), lines: () => lines }
}

type JsonObject = Readonly<Record<string, unknown>>

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Null for an empty line; in words what is wrong with it. */
function parseLine(bytes: Uint8Array): JsonObject | string | null {
  if (hasMoreJsonThan(bytes, lineExtentMax)) return `the line has more than ${lineExtentMax} objects, lists and members`
  if (!isUtf8(bytes)) return 'the line is not valid UTF-8'
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8').trim()
  if (text === '') return null
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : `${shown(text)} is not an object`
  } catch {
    return `${shown(text)} is not JSON`
  }
}

function cellText(value: unknown): string | null {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null
}

function* seriesOf(line: number, row: JsonObject, given: ImportMapping, bounds: TimeBounds): Generator<ImportRow> {
  const { metric, values, timestamps } = row
  if (!isObject(metric) || !Array.isArray(values) || !Array.isArray(timestamps) || values.length !== timestamps.length) {
    yield refused(line, 'malformed_line', 'metric, values and timestamps must be there, the last two of one length')
    return
  }
  const pairs = new Map<string, string>(given.extraLabels ?? [])
  for (const [name, value] of Object.entries(metric)) if (typeof value === 'string' && name !== '') pairs.set(name, value)
  if ((pairs.get('__name__') ?? '') === '') {
    yield refused(line, 'metric_name_missing', 'metric has no __name__')
    return
  }
  const timesMs: number[] = []
  const numbers: number[] = []
  for (let at = 0; at < values.length; at++) {
    const value: unknown = values[at]
    const timeMs: unknown = timestamps[at]
    // An export writes what is no number as null.
    if (value === null) continue
    if (typeof value !== 'number') yield refused(line, 'invalid_number', `value ${at + 1} is not a number`)
    else if (typeof timeMs !== 'number' || !Number.isInteger(timeMs))
      yield refused(line, 'invalid_time', `timestamp ${at + 1} is not a whole number of ms`)
    else if (timeMs < bounds.minMs || timeMs > bounds.maxMs)
      yield refused(line, 'timestamp_out_of_range', `timestamp ${at + 1} is before 1990 or too far in the future`)
    else {
      timesMs.push(timeMs)
      numbers.push(value)
    }
  }
  if (timesMs.length > 0) yield { kind: 'samples', line, labels: normalizedLabels([...pairs]), timesMs, values: numbers }
}

/** Lines without their end; null for one that is too long. */
async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array | null> {
  let pieces: Uint8Array[] = []
  let sizeBytes = 0
  let isTooLong = false
  const take = (): Uint8Array | null => {
    const line = isTooLong ? null : pieces.length === 1 ? (pieces[0] ?? null) : Buffer.concat(pieces)
    pieces = []
    sizeBytes = 0
    isTooLong = false
    return line
  }
  const add = (piece: Uint8Array): void => {
    sizeBytes += piece.byteLength
    if (sizeBytes > lineBytesMax) {
      isTooLong = true
      pieces = []
    } else if (piece.byteLength > 0) pieces.push(piece)
  }
  for await (const chunk of body) {
    let from = 0
    for (let at = chunk.indexOf(lineFeed); at >= 0; at = chunk.indexOf(lineFeed, from)) {
      add(chunk.subarray(from, at))
      yield take()
      from = at + 1
    }
    add(chunk.subarray(from))
  }
  if (sizeBytes > 0) yield take()
}
