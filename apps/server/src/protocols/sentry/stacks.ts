/** Exceptions and stack traces of events as the problems domain has them: what was caught first, the innermost call first. */
import type { Frame, Thrown } from '../../problems/index.ts'
import { booleanOf, cut, listOf, numberOf, objectOf, textOf, type JsonObject } from './json-values.ts'
import { sentryLimits } from './limits.ts'

/** Bytes that the stacks of an event may take as JSON: one attribute holds them. */
const chainBytesMax = 32_000
/** What is given up, in this order, when they take more. */
const savings: readonly ((thrown: Thrown) => Thrown)[] = [
  (thrown) => withFrames(thrown, (frames) => frames.map((frame) => (frame.isInApp === false ? withoutSource(frame) : frame))),
  (thrown) => withFrames(thrown, (frames) => frames.map((frame, index) => (index < 5 ? frame : withoutSource(frame)))),
  (thrown) => withFrames(thrown, (frames) => middleOut(frames.map(withoutSource), 60)),
  (thrown) => withFrames({ ...thrown, message: cut(thrown.message, 500) }, (frames) => middleOut(frames, 20)),
]

/** Of an event; the list is empty for one without an error. Sentry lists causes first and outer calls first. */
export function readExceptions(event: JsonObject): Thrown[] {
  const { exception } = event
  const values =
    Array.isArray(exception) || 'values' in objectOf(exception) ? listOf(exception) : exception === undefined ? [] : [exception]
  const chain = values
    .slice(-sentryLimits.exceptionsMax)
    .map((value) => toThrown(objectOf(value)))
    .filter(({ type, message, frames }) => type !== '' || message !== '' || frames.length > 0)
    .reverse()
  const [first] = chain
  // The stack of the thread that crashed, where the error has none of its own.
  if (first !== undefined && first.frames.length === 0) chain[0] = { ...first, frames: otherFrames(event) }
  return chain
}

/** Frames that an event without an error carries: its own stack, or the crashed thread's. */
export function otherFrames(event: JsonObject): readonly Frame[] {
  const own = readFrames(event['stacktrace'])
  if (own.length > 0) return own
  const threads = listOf(event['threads']).map(objectOf)
  const thread = threads.find(({ crashed }) => crashed === true) ?? threads.find(({ current }) => current === true)
  return readFrames(thread?.['stacktrace'])
}

function toThrown(value: JsonObject): Thrown {
  const mechanism = objectOf(value['mechanism'])
  const ownType = textOf(value['type'], 300)
  const moduleName = textOf(value['module'], 300)
  return {
    type: moduleName !== '' && !ownType.includes('.') && /[a-z]\.[A-Za-z]/.test(moduleName) ? `${moduleName}.${ownType}` : ownType,
    message: textOf(value['value'], sentryLimits.messageCharsMax),
    mechanism: textOf(mechanism['type'], 100),
    isHandled: booleanOf(mechanism['handled']),
    frames: readFrames(value['stacktrace'] ?? value['raw_stacktrace']),
  }
}

function readFrames(stacktrace: unknown): Frame[] {
  const frames = listOf(objectOf(stacktrace)['frames'])
  return middleOut(frames.toReversed(), sentryLimits.framesMax).map((frame) => toFrame(objectOf(frame)))
}

function toFrame(frame: JsonObject): Frame {
  const absolute = textOf(frame['abs_path'], 1000)
  const name = textOf(frame['filename'], 1000)
  return {
    function: textOf(frame['function'], 300),
    module: textOf(frame['module'], 300),
    file: absolute === '' ? name : absolute,
    line: positive(frame['lineno']),
    column: positive(frame['colno']),
    isInApp: booleanOf(frame['in_app']),
    before: sourceLines(frame['pre_context']).slice(-sentryLimits.contextLinesMax),
    source: textOf(frame['context_line'], 300),
    after: sourceLines(frame['post_context']).slice(0, sentryLimits.contextLinesMax),
  }
}

function positive(value: unknown): number {
  const number = numberOf(value)
  return number === null || number < 0 || number > 0xffff_ffff ? 0 : Math.floor(number)
}

function sourceLines(value: unknown): string[] {
  return listOf(value).map((line) => textOf(line, 300))
}

/** The first and the last halves of a list that is too long. */
function middleOut<Item>(items: readonly Item[], max: number): Item[] {
  if (items.length <= max) return [...items]
  const half = Math.floor(max / 2)
  return [...items.slice(0, half), ...items.slice(-half)]
}

/** JSON of the chain within its bound; what matters least goes first. */
export function chainText(chain: readonly Thrown[]): string {
  let kept: readonly Thrown[] = chain
  for (const save of savings) {
    const text = JSON.stringify(kept)
    if (Buffer.byteLength(text) <= chainBytesMax) return text
    kept = kept.map(save)
  }
  for (let count = kept.length; count > 0; count = Math.floor(count / 2)) {
    const text = JSON.stringify(kept.slice(0, count))
    if (Buffer.byteLength(text) <= chainBytesMax) return text
  }
  return '[]'
}

function withFrames(thrown: Thrown, change: (frames: readonly Frame[]) => Frame[]): Thrown {
  return { ...thrown, frames: change(thrown.frames) }
}

function withoutSource(frame: Frame): Frame {
  return { ...frame, before: [], source: '', after: [] }
}

const stackTextCharsMax = 16_000

/** The chain as the runtimes of JavaScript print it, for those who read `exception.stacktrace`. */
export function stackText(chain: readonly Thrown[]): string {
  const lines: string[] = []
  for (const [index, { type, message, frames }] of chain.entries()) {
    lines.push(`${index === 0 ? '' : 'Caused by: '}${type}: ${message}`)
    for (const { function: name, module, file, line, column } of frames) {
      const place = `${file === '' ? module : file}${line === 0 ? '' : `:${line}${column === 0 ? '' : `:${column}`}`}`
      lines.push(name === '' ? `    at ${place}` : `    at ${name} (${place})`)
    }
  }
  return cut(lines.join('\n'), stackTextCharsMax)
}
