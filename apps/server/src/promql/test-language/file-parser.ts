/** Splits a test file into commands. A block ends at an empty line; comment lines count as empty. */
import { durationOrNull, numberOrNull, unquote } from '../syntax/literals.ts'
import { customBucketSeries } from './custom-buckets.ts'
import type { EvalCommand, ExpectedSeries, Expectation, TestCommand, TestSeries } from './ports.ts'
import { readSeriesLine, TestSyntaxError, type SeriesLine } from './series-reader.ts'
import { toTestSeries } from './load.ts'

interface Block {
  readonly head: string
  readonly line: number
  readonly rows: readonly string[]
}

function blocksOf(text: string): Block[] {
  const lines = text.split('\n').map((line) => line.trim())
  const isBlank = (line: string | undefined): boolean => line === undefined || line === '' || line.startsWith('#')
  const blocks: Block[] = []
  for (let i = 0; i < lines.length; i++) {
    const head = lines[i] ?? ''
    if (isBlank(head)) continue
    const line = i + 1
    const rows: string[] = []
    while (head !== 'clear' && !isBlank(lines[i + 1])) rows.push(lines[++i] ?? '')
    blocks.push({ head, line, rows })
  }
  return blocks
}

export function parseTestFile(text: string): TestCommand[] {
  return blocksOf(text).map((block) => {
    try {
      return parseBlock(block)
    } catch (error) {
      if (!(error instanceof TestSyntaxError)) throw error
      return { kind: 'broken', line: block.line, query: block.head, message: error.message }
    }
  })
}

function parseBlock(block: Block): TestCommand {
  if (block.head === 'clear') return { kind: 'clear' }
  const load = /^load(_with_nhcb)?\s+(\S+)$/.exec(block.head)
  if (load !== null) return { kind: 'load', series: parseLoad(block.rows, durationMs(load[2] ?? ''), load[1] !== undefined) }
  if (block.head.startsWith('eval')) return parseEval(block)
  throw new TestSyntaxError(`unknown command "${block.head}"`)
}

function parseLoad(rows: readonly string[], stepMs: number, withCustomBuckets: boolean): TestSeries[] {
  const lines: SeriesLine[] = rows.map(readSeriesLine)
  const all = withCustomBuckets ? [...lines, ...customBucketSeries(lines)] : lines
  return all.map((line) => toTestSeries(line, stepMs))
}

/** A duration, or a number of seconds. */
function durationMs(text: string): number {
  const ms = durationOrNull(text)
  if (ms !== null) return ms
  const seconds = numberOrNull(text.replace(/^-/, ''))
  if (seconds === null) throw new TestSyntaxError(`"${text}" is not a duration`)
  return Math.round((text.startsWith('-') ? -seconds : seconds) * 1000)
}

function parseEval(block: Block): EvalCommand {
  const instant = /^eval(?:_(fail|warn|info|ordered))?\s+instant\s+(?:at\s+)?(\S+)\s+(.+)$/.exec(block.head)
  const range = /^eval(?:_(fail|warn|info))?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.+)$/.exec(block.head)
  const match = instant ?? range
  if (match === null) throw new TestSyntaxError(`cannot read "${block.head}"`)
  const startMs = durationMs(match[2] ?? '')
  const endMs = range === null ? startMs : durationMs(range[3] ?? '')
  const stepMs = range === null ? 0 : durationMs(range[4] ?? '')
  const expectations: Expectation[] = []
  const flag = match[1]
  if (flag === 'fail' || flag === 'warn' || flag === 'info') expectations.push({ kind: flag, text: null, isRegex: false })
  const series: ExpectedSeries[] = []
  let isOrdered = flag === 'ordered'
  let scalar: number | null = null
  let text: string | null = null
  let rangeVector: EvalCommand['rangeVector'] = null
  for (const row of block.rows) {
    const expected = readExpect(row)
    if (expected !== null) {
      if (expected.kind === 'ordered') isOrdered = true
      else if (expected.kind === 'string') text = expected.value
      else if (expected.kind === 'range') rangeVector = expected
      else expectations.push(expected)
      continue
    }
    const number = numberOrNull(row.replace(/^[+-]/, ''))
    if (number !== null) scalar = row.startsWith('-') ? -number : number
    else series.push(readSeriesLine(row))
  }
  const query = (range === null ? instant?.[3] : range[5]) ?? ''
  return { kind: 'eval', line: block.line, query, startMs, endMs, stepMs, expectations, isOrdered, series, scalar, text, rangeVector }
}

type ExpectRow =
  | Expectation
  | { readonly kind: 'ordered' }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'range'; readonly startMs: number; readonly endMs: number; readonly stepMs: number }

function readExpect(row: string): ExpectRow | null {
  if (!/^expect\s/.test(row)) return null
  const rest = row.slice('expect'.length).trim()
  if (rest === 'ordered') return { kind: 'ordered' }
  if (rest.startsWith('string')) {
    const value = unquote(rest.slice('string'.length).trim())
    if (value === null) throw new TestSyntaxError(`cannot read "${row}"`)
    return { kind: 'string', value }
  }
  const range = /^range vector from (\S+) to (\S+) step (\S+)$/.exec(rest)
  if (range !== null) {
    const [, start = '', end = '', step = ''] = range
    return { kind: 'range', startMs: durationMs(start), endMs: durationMs(end), stepMs: durationMs(step) }
  }
  const match = /^(fail|warn|info|no_warn|no_info)(?:\s+(msg|regex):\s*(.*))?$/.exec(rest)
  const kind = match?.[1]
  if (kind !== 'fail' && kind !== 'warn' && kind !== 'info' && kind !== 'no_warn' && kind !== 'no_info') {
    throw new TestSyntaxError(`cannot read "${row}"`)
  }
  return { kind, text: match?.[3] ?? null, isRegex: match?.[2] === 'regex' }
}
