/** Stacks as people read them: frames of minified JavaScript by their source maps, with the lines around. */
import { originalPositionFor, sourceContentFor, type TraceMap } from '@jridgewell/trace-mapping'
import { isInApp } from './in-app.ts'
import type { Frame, Thrown } from './model.ts'
import type { ShownError, ShownFrame } from './ports.ts'

/** The map of a minified file; null: there is none. */
export type MapOf = (file: string) => Promise<TraceMap | null>

/** Lines shown before and after that of a frame. */
const linesAround = 5
const lineCharsMax = 300

interface Original {
  readonly file: string
  readonly line: number
  readonly column: number
  /** The token at the position: in a caller, the function that it calls. */
  readonly name: string
  readonly context: readonly string[]
  readonly contextFrom: number
}

/** `release` is said where a frame would need a map that is not there. */
export async function showStacks(chain: readonly Thrown[], mapOf: MapOf, release: string): Promise<ShownError[]> {
  const shown: ShownError[] = []
  for (const thrown of chain) {
    const originals: (Original | null)[] = []
    for (const frame of thrown.frames) originals.push(needsMap(frame) ? originalOf(frame, await mapOf(frame.file)) : null)
    shown.push({
      ...thrown,
      frames: thrown.frames.map((frame, index) => {
        const original = originals[index] ?? null
        return original === null ? asSent(frame, release) : resolved(frame, original, originals[index + 1]?.name ?? '')
      }),
    })
  }
  return shown
}

/** The chain with functions and places of the sources where there is a map; for grouping. */
export function resolvedChain(chain: readonly Thrown[], mapOf: (file: string) => TraceMap | null): Thrown[] {
  return chain.map((thrown) => {
    const originals = thrown.frames.map((frame) => (needsMap(frame) ? originalOf(frame, mapOf(frame.file)) : null))
    return {
      ...thrown,
      frames: thrown.frames.map((frame, index) => {
        const original = originals[index] ?? null
        if (original === null) return frame
        const { function: name, file, line, column, isInApp: isOwn } = resolved(frame, original, originals[index + 1]?.name ?? '')
        return { ...frame, function: name, file, line, column, isInApp: isOwn }
      }),
    }
  })
}

/** JavaScript at a known column, whose sender had no source to show. */
function needsMap({ file, line, column }: Frame): boolean {
  return line > 0 && column > 0 && (/\.[cm]?js(?:[?#].*)?$/i.test(file) || /^https?:/i.test(file))
}

/** Lines of frames count from 1 in both; columns from 1 in frames and from 0 in maps. */
function originalOf({ line, column }: Frame, map: TraceMap | null): Original | null {
  if (map === null) return null
  const found = originalPositionFor(map, { line, column: column - 1 })
  if (found.source === null) return null
  const content = sourceContentFor(map, found.source)
  const lines = content === null ? [] : content.split('\n')
  const from = Math.max(1, found.line - linesAround)
  return {
    file: cleanSource(found.source),
    line: found.line,
    column: found.column + 1,
    name: found.name ?? '',
    context: lines.slice(from - 1, found.line + linesAround).map((text) => text.trimEnd().slice(0, lineCharsMax)),
    contextFrom: from,
  }
}

/** `webpack://shop/./src/cart.ts` and `../../src/cart.ts` are `src/cart.ts`. */
function cleanSource(source: string): string {
  return source.replace(/^webpack:\/\/[^/]*\//, '').replace(/^(?:\.{1,2}\/)+/, '')
}

function resolved(frame: Frame, original: Original, calledName: string): ShownFrame {
  const own = frame.function
  const isShort = own === '' || own === '?' || own === '<anonymous>' || own.replace(/^.*\./, '').length <= 2
  return {
    function: isShort && calledName !== '' ? calledName : own,
    file: original.file,
    line: original.line,
    column: original.column,
    isInApp: isInApp({ isInApp: original.file.includes('node_modules/') ? false : frame.isInApp, file: original.file, module: '' }),
    context: original.context,
    contextFrom: original.contextFrom,
    raw: `${frame.file}:${frame.line}:${frame.column}`,
    unresolved: null,
  }
}

function asSent(frame: Frame, release: string): ShownFrame {
  const { before, source, after } = frame
  const isInOurs = isInApp(frame)
  const context = source === '' ? [] : [...before, source, ...after]
  const isMinified = needsMap(frame) && source === '' && /^(?:https?|app):/i.test(frame.file)
  return {
    function: frame.function,
    file: frame.file === '' ? frame.module : frame.file,
    line: frame.line,
    column: frame.column,
    isInApp: isInOurs,
    context,
    contextFrom: context.length === 0 ? 0 : frame.line - before.length,
    raw: null,
    unresolved:
      isMinified && isInOurs ? (release === '' ? 'no source map with its debug id' : `no source map of release ${release}`) : null,
  }
}
