/**
 * Exceptions in the text of a log record: what Java, JavaScript, Python, Go, .NET, Ruby and PHP print of one that was logged, or that nobody
 * caught. The stack is read as if a client had sent it; what stands before it may be any line of a logger.
 */
import type { Thrown } from './model.ts'
import { frameOf, parseStackText, type Head } from './stack-text.ts'

/** Characters and lines of a text that are looked at, and characters of a line. */
const charsMax = 32_768
const linesMax = 1000
const lineCharsMax = 2000
/** Lines above a stack that may begin the message. */
const headLinesMax = 20
/** Places in them that may be the head. */
const headsMax = 8
const causesMax = 20

const marks = /\n[ \t]{0,200}at \S|(?:^|\n)Traceback \(most recent call last\)|\ngoroutine \d|:in [`']|\n#0 /
/** What begins as an exception that nobody caught, whatever severity its record has. */
const uncaught = /^(?:Traceback \(most recent call last\)|Exception in thread "|Unhandled [eE]xception|Uncaught \S|panic: |fatal error: )/

/** The error and its causes; empty: the text has no stack. Linear in the length of the text, of which the first 32,768 characters are looked at. */
export function thrownInText(text: string): readonly Thrown[] {
  const some = text.length > charsMax ? text.slice(0, charsMax) : text
  if (!marks.test(some)) return []
  const lines = some.split('\n', linesMax).map((line) => line.slice(0, lineCharsMax).trimEnd())
  for (const read of [goPanic, pythonTraceback, phpTrace, rubyTrace, stackAt]) {
    const chain = read(lines)
    if (chain !== null) return chain
  }
  return []
}

/** Whether a text says itself that it is an error. */
export function beginsUncaught(text: string): boolean {
  return uncaught.test(text)
}

type Reader = (lines: readonly string[]) => readonly Thrown[] | null

/** `panic: runtime error: …`, `goroutine 1 [running]:`, then two lines a call; of other goroutines nothing. */
const goPanic: Reader = (lines) => {
  const at = lines.findIndex((line) => /^goroutine \d+ \[/.test(line))
  if (at === -1) return null
  const said = lines.slice(0, at).map((line) => /(?:^|[\s\]])(panic|fatal error): (.*)$/s.exec(line))
  const head = said.find((match) => match !== null)
  if (head === undefined) return null
  const next = lines.findIndex((line, index) => index > at && (line === '' || /^goroutine \d+ \[/.test(line)))
  const stack = lines.slice(at, next === -1 ? undefined : next).join('\n')
  return withFrames(parseStackText(stack, { type: head?.[1] ?? '', message: head?.[2] ?? '' }))
}

/** What was caught first is printed first; the last is what ended it. The error stands below its calls. */
const pythonTraceback: Reader = (lines) => {
  const starts = lines.flatMap((line, index) => (line.endsWith('Traceback (most recent call last):') ? [index] : []))
  const chain: Thrown[] = []
  let next = lines.length
  for (const start of starts.slice(-causesMax).toReversed()) {
    const stack = lines.slice(start, next)
    next = start
    // The reader of stacks turns round what begins so.
    stack[0] = 'Traceback (most recent call last):'
    const end = stack.findIndex((line, index) => index > 0 && line !== '' && !/^\s/.test(line))
    const calls = end === -1 ? stack : stack.slice(0, end)
    chain.push(...parseStackText(calls.join('\n'), headOf(end === -1 ? '' : (stack[end] ?? ''))).slice(0, 1))
  }
  return withFrames(chain)
}

/** `PHP Fatal error:  Uncaught Exception: no cart in /app/a.php:3`, `Stack trace:`, calls by number. */
const phpTrace: Reader = (lines) => {
  const at = lines.findIndex((line) => line.startsWith('#0 '))
  if (at === -1) return null
  const head = phpHead(lines.slice(Math.max(0, at - headLinesMax), at).join(' '))
  if (head === null) return null
  const { file, line, ...thrown } = head
  return withFrames(parseStackText([`#0 ${file}(${line}): throw`, ...lines.slice(at)].join('\n'), thrown))
}

interface PhpHead extends Head {
  readonly file: string
  readonly line: string
}

/** `Shop\GoneException: no cart in /app/a.php:3`, or ` on line 3`. */
function phpHead(above: string): PhpHead | null {
  let tried = 0
  // A name is begun only where none is under way, so that each is read once.
  for (const match of above.matchAll(/(?<![\w\\])([A-Za-z_][\w\\]{0,200}(?:Exception|Error)): /g)) {
    if (tried++ === headsMax) return null
    const rest = above.slice(match.index + match[0].length, match.index + match[0].length + 2000)
    // No part of a place has a blank: each is read once.
    const place = / in ([^\s:]{1,500})(?::| on line )(\d{1,9})\b/.exec(rest)
    if (place !== null) return { type: match[1] ?? '', message: rest.slice(0, place.index), file: place[1] ?? '', line: place[2] ?? '' }
  }
  return null
}

/** ``/app/cart.rb:12:in `total': no cart (RuntimeError)``, or `RuntimeError (no cart):` above the calls. */
const rubyTrace: Reader = (lines) => {
  const at = lines.findIndex((line) => /:\d{1,9}:in [`']/.test(line))
  if (at === -1) return null
  const first = lines[at] ?? ''
  const own = rubyHead(first)
  if (own !== null) return withFrames(parseStackText([own.frame, ...lines.slice(at + 1)].join('\n'), own))
  for (let above = at - 1; above >= Math.max(0, at - headLinesMax); above--) {
    const head = railsHead(lines[above] ?? '')
    if (head !== null) return withFrames(parseStackText(lines.slice(at).join('\n'), head))
  }
  return null
}

/** A place, `: `, the message, and the type in brackets; before the place may stand what a logger writes. */
function rubyHead(line: string): (Head & { readonly frame: string }) | null {
  const middle = /:\d{1,9}:in [`']/.exec(line)
  if (middle === null || !line.endsWith(')')) return null
  const end = line.indexOf("': ", middle.index + middle[0].length)
  const open = line.lastIndexOf(' (')
  const type = line.slice(open + 2, -1)
  if (end === -1 || open < end + 2 || !isRubyName(type)) return null
  const start = Math.max(line.lastIndexOf(' ', middle.index), line.lastIndexOf('\t', middle.index)) + 1
  return { frame: line.slice(start, end + 1), message: line.slice(end + 3, open), type }
}

function railsHead(line: string): Head | null {
  if (!line.endsWith('):')) return null
  let open = line.indexOf(' (')
  for (let tried = 0; open !== -1 && tried < headsMax; tried++) {
    const type = line.slice(line.lastIndexOf(' ', open - 1) + 1, open)
    if (isRubyName(type)) return { type, message: line.slice(open + 2, -2) }
    open = line.indexOf(' (', open + 1)
  }
  return null
}

function isRubyName(text: string): boolean {
  return /^[A-Z][\w:]{0,200}$/.test(text)
}

/** Java, JavaScript, .NET: `at …` below the error, causes below that. */
const stackAt: Reader = (lines) => {
  const at = lines.findIndex((line) => isCall(line))
  if (at <= 0) return null
  const head = headAbove(lines, at)
  // Without a known error above it, one line may be prose.
  if (head === null && !isCall(lines[at + 1] ?? '')) return null
  return withFrames(parseStackText(lines.slice(at).join('\n'), head ?? { type: '', message: (lines[at - 1] ?? '').trim() }))
}

function isCall(line: string): boolean {
  return /^\s*at \S/.test(line) && frameOf(line) !== null
}

const namedError =
  /(?:^|[\s"\]:>(])((?:[A-Za-z_$][\w$]{0,100}[.\\]|[A-Za-z_$][\w$]{0,100}::){0,12}[A-Z][\w$]{0,100}(?:Error|Exception|Throwable|Failure|Fault)|Error)(?:: (.*)|\s*)$/s
const dottedName = /^(?:Exception in thread "[^"]{1,200}" )?((?:[a-z_][\w$]{0,100}\.){1,12}[A-Z][\w$]{0,100})(?:: (.*))?$/s

/** The nearest line above that names an error; its message may go on below it. */
function headAbove(lines: readonly string[], at: number): Head | null {
  const first = Math.max(0, at - headLinesMax)
  for (const pattern of [namedError, dottedName])
    for (let above = at - 1; above >= first; above--) {
      const match = pattern.exec(lines[above] ?? '')
      if (match !== null) return { type: match[1] ?? '', message: [match[2] ?? '', ...lines.slice(above + 1, at)].join('\n').trim() }
    }
  return null
}

/** `ValueError: no cart`, `shop.cart.Gone`. */
function headOf(line: string): Head {
  const match = /^([\w.]{1,300})(?:: (.*))?$/s.exec(line)
  return { type: match?.[1] ?? '', message: match === null ? line : (match[2] ?? '') }
}

/** Null: the first has no frame, so it was no stack. */
function withFrames(chain: readonly Thrown[]): readonly Thrown[] | null {
  return (chain[0]?.frames.length ?? 0) > 0 ? chain : null
}
