/**
 * Which lines of a log continue the record before them: those that are indented, and those that stack traces of Java, .NET, Python, Node, Go,
 * Ruby, PHP and Rust are known to have at the margin. A line that looks like neither begins a record.
 */

/** What was seen of the record that is open. */
export interface OpenRecord {
  /** Python ends its stack with the error, at the margin. */
  isTraceback: boolean
  wasIndented: boolean
  /** Go's functions stand at the margin, their places indented below. */
  isGoroutine: boolean
}

const indented = /^[ \t]/
/** At the margin, and never the beginning of anything. */
const alwaysContinues = [
  // Java; its qualified names stand below the line that was logged.
  /^Caused by: /,
  /^Suppressed: /,
  /^(?:[a-z_$][\w$]*\.)+[A-Z][\w$]*(?:$|: )/,
  // .NET
  /^--- End of /,
  // Python
  /^Traceback \(most recent call last\):/,
  /^During handling of the above exception/,
  /^The above exception was the direct cause/,
  // Go
  /^goroutine \d+ \[/,
  /^\[signal /,
  /^created by /,
  /^exit status \d+$/,
  // PHP, Rust
  /^Stack trace:$/,
  /^#\d+ /,
  /^stack backtrace:$/,
  // The end of an object that was printed over several lines.
  /^[\]})]+[,;]?$/,
]
const traceback = /^Traceback \(most recent call last\):/
const pythonError = /^(?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*(?:$|: )/
const goroutine = /^goroutine \d+ \[/
const goFunction = /^[\w./*()·$[\]{}\-,]+\([^)]*\)$/
const [openBrace, closeBrace] = [0x7b, 0x7d]

export function openedBy(text: string): OpenRecord {
  return { isTraceback: traceback.test(text), wasIndented: false, isGoroutine: goroutine.test(text) }
}

/** Whether `text` belongs to the record that is open; what it says is noted there then. */
export function isContinuation(text: string, open: OpenRecord): boolean {
  const isIndented = indented.test(text)
  if (!isIndented && !alwaysContinues.some((pattern) => pattern.test(text))) {
    if (open.isTraceback && open.wasIndented && pythonError.test(text)) {
      // The next error at the margin is another record, unless another stack comes before it.
      open.isTraceback = open.wasIndented = false
      return true
    }
    return open.isGoroutine && goFunction.test(text)
  }
  open.wasIndented = isIndented
  if (traceback.test(text)) open.isTraceback = true
  if (goroutine.test(text)) open.isGoroutine = true
  return true
}

/** A whole object on one line is a record: nothing continues it. */
export function endsItself(line: Buffer): boolean {
  return line[0] === openBrace && line.at(-1) === closeBrace
}
