/**
 * An example trace as text whose order is that of its duration, so that the largest of several is the slowest: hexadecimal digits of duration
 * (ns, 16), start (ns since 1970, 16), trace id (32) and span id (16).
 */
import { hexAt, type OwnedSignal, u32At } from '../../signals/index.ts'
import type { ExampleTrace } from '../ports.ts'

function hex16(low: number, high: number): string {
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0')
}

export function exampleText({ record }: OwnedSignal, row: number): string {
  const [ts, duration] = [record.fixed('ts'), record.fixed('duration')]
  return (
    hex16(u32At(duration, row), u32At(duration, row, 4)) +
    hex16(u32At(ts, row), u32At(ts, row, 4)) +
    hexAt(record.fixed('trace_id'), row) +
    hexAt(record.fixed('span_id'), row)
  )
}

/** Null for '' and for anything else. */
export function parseExample(text: string): ExampleTrace | null {
  if (text.length !== 80) return null
  const number = (from: number): number =>
    Number.parseInt(text.slice(from, from + 8), 16) * 0x1_0000_0000 + Number.parseInt(text.slice(from + 8, from + 16), 16)
  return { durationMs: number(0) / 1e6, startMs: number(16) / 1e6, traceId: text.slice(32, 64), spanId: text.slice(64) }
}
