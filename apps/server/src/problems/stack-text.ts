/**
 * Stacks that come as text (`exception.stacktrace`): of JavaScript in V8's and Firefox's forms, Python, Java, Go, .NET, Ruby and PHP as their
 * runtimes print them. Line by line, each line in linear time; what is not understood is left out.
 */
import type { Frame, Thrown } from './model.ts'

const framesMax = 250
const lineCharsMax = 2000
const linesMax = 2000
const causesMax = 20

interface Place {
  readonly function: string
  readonly file: string
  readonly line: number
  readonly column: number
  readonly module?: string
}

type Reader = (line: string) => Place | null

/** `    at Cart.total (/app/cart.js:12:5)`, `    at /app/cart.js:12:5`, `at async x (…)`. */
const v8: Reader = (line) => {
  const match = /^\s*at (.*)$/.exec(line)
  const rest = match?.[1]
  if (rest === undefined) return null
  const open = rest.endsWith(')') ? rest.lastIndexOf(' (') : -1
  const name = open === -1 ? '' : rest.slice(0, open)
  const place = placeOf(open === -1 ? rest.replace(/^async /, '') : rest.slice(open + 2, -1))
  if (place !== null) return { ...place, function: name }
  return null
}

/** `total@https://example.org/app.js:12:5`. */
const firefox: Reader = (line) => {
  const at = line.indexOf('@')
  if (at === -1 || /\s/.test(line.slice(0, at))) return null
  const place = placeOf(line.slice(at + 1))
  return place === null ? null : { ...place, function: line.slice(0, at) }
}

/** `  at org.example.Cart.total(Cart.java:12)`. */
const java: Reader = (line) => {
  const match = /^\s*at ([\w$.<>/]{1,400})\.([\w$<>]{1,200})\(([^()]{1,300})\)$/.exec(line)
  if (match === null) return null
  const [, module = '', name = '', source = ''] = match
  const colon = source.lastIndexOf(':')
  const lineNumber = colon === -1 ? 0 : Number(source.slice(colon + 1))
  return {
    function: name,
    module,
    file: colon === -1 ? source : source.slice(0, colon),
    line: Number.isInteger(lineNumber) ? lineNumber : 0,
    column: 0,
  }
}

/** `  File "/app/cart.py", line 12, in total`. */
const python: Reader = (line) => {
  const match = /^\s*File "([^"]{1,500})", line (\d{1,9})(?:, in (.{1,200}))?$/.exec(line)
  return match === null ? null : { function: match[3] ?? '', file: match[1] ?? '', line: Number(match[2]), column: 0 }
}

/** `   at Shop.Cart.Total() in /app/Cart.cs:line 12`. */
const dotnet: Reader = (line) => {
  const match = /^\s*at ([^()]{1,400})\([^)]{0,400}\)(?: in (.{1,500}):line (\d{1,9}))?$/.exec(line)
  return match === null ? null : { function: match[1] ?? '', file: match[2] ?? '', line: Number(match[3] ?? 0), column: 0 }
}

/** ``/app/cart.rb:12:in `total'``. */
const ruby: Reader = (line) => {
  const match = /^\s*(?:from )?([^:]{1,500}):(\d{1,9}):in [`']([^'`]{1,200})'$/.exec(line)
  return match === null ? null : { function: match[3] ?? '', file: match[1] ?? '', line: Number(match[2]), column: 0 }
}

/** `#0 /app/Cart.php(12): Cart->total()`. */
const php: Reader = (line) => {
  const match = /^#\d{1,4} (.{1,500})\((\d{1,9})\): (.{1,200})$/.exec(line)
  return match === null
    ? null
    : { function: (match[3] ?? '').replace(/\(.*$/, ''), file: match[1] ?? '', line: Number(match[2]), column: 0 }
}

const readers: readonly Reader[] = [v8, java, dotnet, python, ruby, php, firefox]

/** `file:12:5` or `file:12`. */
function placeOf(text: string): Place | null {
  const match = /^(.{1,1500}?):(\d{1,9})(?::(\d{1,9}))?$/.exec(text)
  if (match !== null) return { function: '', file: match[1] ?? '', line: Number(match[2]), column: Number(match[3] ?? 0) }
  return text === 'native' || text === '<anonymous>' ? { function: '', file: text, line: 0, column: 0 } : null
}

/** The head of a stack; its type may come with a module: `redis.exceptions.ConnectionError: no route`. */
export interface Head {
  readonly type: string
  readonly message: string
}

/**
 * What a text says of an error and its causes. `head`: what is known of the outermost one, which the text may or may not repeat. Stacks of
 * Python, which print the innermost call last, are turned round.
 */
export function parseStackText(text: string, head: Head): Thrown[] {
  const lines = text.split('\n', linesMax)
  if (lines.some((line) => /^goroutine \d+ \[/.test(line))) return [thrown(head, goFrames(lines))]
  const chain: Thrown[] = []
  let current: { head: Head; frames: Frame[] } = { head, frames: [] }
  const isPython = lines.some((line) => line.startsWith('Traceback (most recent call last)'))
  const close = (): void => {
    if (current.frames.length > 0 || chain.length === 0) chain.push(thrown(current.head, current.frames))
  }
  for (const each of lines) {
    const line = each.length > lineCharsMax ? each.slice(0, lineCharsMax) : each.trimEnd()
    const caused = /^\s*(?:Caused by: |\[cause\]: )(.*?)(?: \{)?$/.exec(line)
    if (caused !== null && chain.length < causesMax) {
      close()
      current = { head: headOf(caused[1] ?? ''), frames: [] }
      continue
    }
    const frame = current.frames.length < framesMax ? frameOf(line) : null
    if (frame !== null) current.frames.push(frame)
  }
  close()
  return isPython ? chain.map((each) => ({ ...each, frames: each.frames.toReversed() })) : chain
}

function thrown({ type, message }: Head, frames: readonly Frame[]): Thrown {
  return { type, message, mechanism: '', isHandled: null, frames }
}

function headOf(line: string): Head {
  const match = /^([\w$.]{1,300}): (.*)$/.exec(line)
  return match === null ? { type: line.trim(), message: '' } : { type: match[1] ?? '', message: match[2] ?? '' }
}

/** Null: the line is no call of any form. */
export function frameOf(line: string): Frame | null {
  for (const read of readers) {
    const place = read(line)
    if (place !== null) return toFrame(place)
  }
  return null
}

function toFrame({ function: name, module = '', file, line, column }: Place): Frame {
  return { function: name, module, file, line, column, isInApp: null, before: [], source: '', after: [] }
}

/** Go prints a function on one line, and where it is on the next: `main.total(0x1)`, then a tab, `/app/cart.go:12 +0x1d`. */
function goFrames(lines: readonly string[]): Frame[] {
  const frames: Frame[] = []
  for (let index = 1; index < lines.length && frames.length < framesMax; index++) {
    const place = /^\s+(\S{1,500}):(\d{1,9})(?: \+0x[0-9a-f]+)?$/.exec(lines[index] ?? '')
    if (place === null) continue
    const name = (lines[index - 1] ?? '')
      .trim()
      .replace(/\([^()]*\)$/, '')
      .replace(/^created by /, '')
    frames.push(toFrame({ function: name, file: place[1] ?? '', line: Number(place[2]), column: 0 }))
  }
  return frames
}
