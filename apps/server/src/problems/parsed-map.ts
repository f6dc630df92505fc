/**
 * Source maps read into what answers for a position, within bounds: what a map decodes to is not bounded by its text, because a section may begin
 * at any line and every line before it is an array. What was read is kept by what it takes when it is decoded.
 */
import { AnyMap, TraceMap, type SectionedSourceMapInput } from '@jridgewell/trace-mapping'
import { isRecord } from './error-facts.ts'
import { sourceMapLinesMax, sourceMapSectionsMax, sourceMapSegmentsMax, sourceMapUnmappedLinesMax } from './limits.ts'

export interface ParsedMap {
  readonly map: TraceMap
  /** In memory, once it is decoded; about. */
  readonly sizeBytes: number
}

/** What V8 takes for an empty line and for a segment of five numbers, with the pointers to them. */
const [lineBytes, segmentBytes] = [56, 96]

interface Extent {
  readonly lines: number
  readonly segments: number
}

/** Null where it is no map that can be read, or one that takes too much. `textChars`: of the JSON. */
export function parseMap(json: unknown, textChars: number): ParsedMap | null {
  if (!isRecord(json) || json['version'] !== 3) return null
  const extent = Array.isArray(json['sections']) ? extentOfSections(json['sections']) : extentOf(json)
  if (extent === null || extent.segments > sourceMapSegmentsMax) return null
  if (extent.lines > Math.min(sourceMapLinesMax, textChars + sourceMapUnmappedLinesMax)) return null
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the shape that matters was looked at; what is wrong beyond it throws
    const map = AnyMap(json as unknown as SectionedSourceMapInput)
    return map instanceof TraceMap ? { map, sizeBytes: textChars + extent.lines * lineBytes + extent.segments * segmentBytes } : null
  } catch {
    return null
  }
}

function extentOf({ mappings, sources }: Record<string, unknown>): Extent | null {
  if (typeof mappings !== 'string' || !Array.isArray(sources)) return null
  let [lines, segments] = [1, 1]
  for (let at = 0; at < mappings.length; at++) {
    const code = mappings.charCodeAt(at)
    if (code === semicolon) lines++
    if (code === semicolon || code === comma) segments++
  }
  return { lines, segments }
}

const [comma, semicolon] = [0x2c, 0x3b]

/** One behind the other, none within another. */
function extentOfSections(sections: readonly unknown[]): Extent | null {
  if (sections.length > sourceMapSectionsMax) return null
  let [lines, segments] = [0, 0]
  let last = { line: 0, column: 0 }
  for (const section of sections) {
    const { offset, map } = isRecord(section) ? section : {}
    if (!isRecord(offset) || !isRecord(map) || Object.hasOwn(map, 'sections')) return null
    const own = extentOf(map)
    const { line, column } = offset
    if (own === null || !isCount(line) || !isCount(column)) return null
    if (line < last.line || (line === last.line && column < last.column)) return null
    last = { line, column }
    lines = Math.max(lines, line + own.lines)
    segments += own.segments
  }
  return { lines, segments }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

/** Maps by hash, the one used last at the end; bounded by what they take, but for one alone. */
export class ParsedMaps {
  readonly #bytesMax: number
  readonly #maps = new Map<string, ParsedMap>()
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get(sha256: string): TraceMap | null {
    const known = this.#maps.get(sha256)
    if (known === undefined) return null
    this.#maps.delete(sha256)
    this.#maps.set(sha256, known)
    return known.map
  }

  add(sha256: string, parsed: ParsedMap): void {
    this.#delete(sha256)
    this.#maps.set(sha256, parsed)
    this.#bytes += parsed.sizeBytes
    for (const oldest of this.#maps.keys()) {
      if (this.#bytes <= this.#bytesMax || this.#maps.size === 1) break
      this.#delete(oldest)
    }
  }

  /** Two may have read the same at once. */
  #delete(sha256: string): void {
    this.#bytes -= this.#maps.get(sha256)?.sizeBytes ?? 0
    this.#maps.delete(sha256)
  }
}
