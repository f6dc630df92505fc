/**
 * Which lines of a log continue the record before them: those that are indented, and those that stack traces of Java, .NET, Python, Node, Go,
 * Ruby, PHP and Rust are known to have at the margin. A line that looks like neither begins a record, and so does one that may be either.
 */
import { isIndentedHead } from './indented-heads.ts'

/** What was seen of the record that is open. */
export interface OpenRecord {
  readonly firstLine: string
  /** Python ends its stack with the error, at the margin; the next stack is another record, unless Python says how they belong together. */
  traceback: 'none' | 'open' | 'over'
  wasIndented: boolean
  /** Go's functions stand at the margin, their places indented below. */
  isGoroutine: boolean
  /** The name and message of what Java has thrown. */
  hasThrown: boolean
}

/** `if a stack follows`: the next line decides, see `isJavaStack`. */
export type Belonging = 'yes' | 'no' | 'if a stack follows'

const indented = /^[ \t]/
/** At the margin, and never the beginning of anything. */
const alwaysContinues = [
  // Java
  /^Caused by: /,
  /^Suppressed: /,
  /^Wrapped by: /,
  // .NET
  /^--- End of /,
  // Python
  /^During handling of the above exception/,
  /^The above exception was the direct cause/,
  // Go
  /^goroutine \d+ \[/,
  /^\[signal SIG/,
  // PHP, Rust
  /^Stack trace:$/,
  /^#\d+ (?:\{main\}|\[internal function\]: |\S.*\(\d+\): )/,
  /^stack backtrace:$/,
  // The end of an object that was printed over several lines.
  /^[\]})]+[,;]?$/,
]
/** What Java throws: also what a layout makes that begins with the logger (`%c: %m`). */
const qualifiedName = /^(?:[a-z_$][\w$]*\.)+[A-Z][\w$]*(?:$|: )/
const javaStack = /^[ \t]+(?:at \S|\.\.\. \d+ )|^(?:Caused|Wrapped) by: |^[ \t]*Suppressed: /
const traceback = /^Traceback \(most recent call last\):/
const pythonChain = /^(?:During handling of|The above exception was) /
const pythonError = /^(?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*(?:$|: )/
const goroutine = /^goroutine \d+ \[/
const goLine = /^(?:[\w./*()·$[\]{}\-,]+\([^)]*\)|created by .+|exit status \d+)$/
const [openBrace, closeBrace] = [0x7b, 0x7d]

export function openedBy(text: string): OpenRecord {
  return {
    firstLine: text,
    traceback: traceback.test(text) ? 'open' : 'none',
    wasIndented: false,
    isGoroutine: goroutine.test(text),
    hasThrown: qualifiedName.test(text),
  }
}

/** Whether `text` belongs to the record that is open; what it says is noted there then. */
export function belongingOf(text: string, open: OpenRecord): Belonging {
  if (indented.test(text)) {
    if (isIndentedHead(text, open.firstLine)) return 'no'
    open.wasIndented = true
    return 'yes'
  }
  if (traceback.test(text)) {
    if (open.traceback === 'over') return 'no'
    open.traceback = 'open'
    open.wasIndented = false
    return 'yes'
  }
  if (alwaysContinues.some((pattern) => pattern.test(text))) {
    open.wasIndented = false
    if (pythonChain.test(text)) open.traceback = 'none'
    if (goroutine.test(text)) open.isGoroutine = true
    return 'yes'
  }
  if (open.traceback === 'open' && open.wasIndented && pythonError.test(text)) {
    // The next error at the margin is another record, unless another stack comes before it.
    open.traceback = 'over'
    open.wasIndented = false
    return 'yes'
  }
  if (open.isGoroutine && goLine.test(text)) return 'yes'
  return !open.hasThrown && qualifiedName.test(text) ? 'if a stack follows' : 'no'
}

/** Whether it can only stand below what Java has thrown. */
export function isJavaStack(text: string): boolean {
  return javaStack.test(text)
}

/** A whole object on one line is a record: nothing continues it. */
export function endsItself(line: Buffer): boolean {
  return line[0] === openBrace && line.at(-1) === closeBrace
}
