import { expect, it } from 'vitest'
import type { ComparedOperation, ComparedSide } from '@bellwether/protocol'
import { changeSentence } from './compare-words.ts'

const side = (p50Ms: number): ComparedSide => ({ traces: 1, tracesTotal: 1, spans: 3, errors: 0, p50Ms, p90Ms: p50Ms, p99Ms: p50Ms })
const work = { spans: 1, errors: 0, totalMs: 1, selfMs: 1, averageMs: 1 }
const operation = (name: string, changeMs: number, sides: Partial<ComparedOperation> = {}): ComparedOperation => ({
  service: 'db',
  operation: name,
  kind: 'client',
  left: work,
  right: work,
  changeMs,
  ...sides,
})

function f(left: number, right: number, operations: ComparedOperation[], want: string): void {
  expect(changeSentence({ left: side(left), right: side(right), uppersMs: [], leftCounts: [], rightCounts: [], operations })).toBe(want)
}

it('says how much and where', () => {
  f(
    90,
    410,
    [operation('SELECT', 300), operation('GET', 20)],
    'The right side takes 320 ms longer (p50 410 ms, 90 ms on the left); most of it in db SELECT, +300 ms a trace.',
  )
  f(
    410,
    90,
    [operation('GET', 20), operation('SELECT', -300, { right: null })],
    'The right side takes 320 ms less (p50 90 ms, 410 ms on the left); most of it in db SELECT, −300 ms a trace. 1 only on the left.',
  )
  f(
    100,
    101,
    [operation('new', 1, { left: null })],
    'Both sides take about as long: 100 ms and 101 ms (p50). 1 operation occurs only on the right.',
  )
  f(100, 200, [], 'The right side takes 100 ms longer (p50 200 ms, 100 ms on the left).')
})
