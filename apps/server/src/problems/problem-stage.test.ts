import { describe, expect, test } from 'vitest'
import { LogsBatch } from '../logs/index.ts'
import { noResource, splitMs, timeHalves } from '../signals/index.ts'
import { SpansBatch } from '../traces/index.ts'
import { stateOf } from './decisions.ts'
import { ProblemStage } from './problem-stage.ts'
import { liftExceptions } from './span-exceptions.ts'
import { normalizedName } from './source-map-store.ts'

const nowMs = Date.UTC(2026, 10, 21, 12)
const tenant = { organizationId: 1, projectId: 1 }

function begun<Batch extends LogsBatch | SpansBatch>(batch: Batch): Batch {
  batch.begin(tenant, nowMs, 7)
  return batch
}

function addLog(logs: LogsBatch, attributes: Readonly<Record<string, string>>, body = 'failed', severity = 0): void {
  logs.time(nowMs / 1000, 0)
  logs.from(noResource)
  logs.severity.pushU8(severity)
  logs.body.pushString(body)
  for (const [name, value] of Object.entries(attributes)) logs.attribute(name, value)
  logs.endRow()
}

const hex = (batch: LogsBatch, row: number): string => Buffer.from(batch.problem.raw(row)).reverse().toString('hex')

describe('the stage', () => {
  test('gives rows with an exception their problem, and leaves the others alone', () => {
    const logs = begun(new LogsBatch())
    const stack = 'Error: order 1\n    at total (/srv/app/cart.js:12:5)'
    addLog(logs, { 'exception.type': 'Error', 'exception.message': 'order 1', 'exception.stacktrace': stack })
    addLog(logs, { level: 'info' }, 'all is well')
    addLog(logs, { 'exception.type': 'Error', 'exception.message': 'order 2', 'exception.stacktrace': stack.replace(':12:5', ':99:1') })
    addLog(logs, { 'exception.type': 'RangeError', 'exception.message': 'order 2', 'exception.stacktrace': stack })
    new ProblemStage().apply(logs)
    expect(logs.problem.isZero(1)).toBe(true)
    expect(hex(logs, 0)).toMatch(/^[0-9a-f]{16}$/)
    expect(hex(logs, 2)).toBe(hex(logs, 0))
    expect(hex(logs, 3)).not.toBe(hex(logs, 0))
  })

  test('gives rows whose text has a stack the problem of that exception', () => {
    const logs = begun(new LogsBatch())
    const calls = '\tat org.example.Cart.total(Cart.java:12)\n\tat org.example.Main.main(Main.java:3)'
    const stack = `org.example.CartGone: cart 7\n${calls}`
    addLog(logs, { 'exception.type': 'org.example.CartGone', 'exception.message': 'cart 7', 'exception.stacktrace': stack }, 'failed', 17)
    addLog(logs, { cart: '8' }, `cannot total\n${stack.replace('7', '8').replace(':12', ':99')}`, 17)
    addLog(logs, {}, `cannot total\n${stack}`, 9)
    addLog(logs, {}, `Exception in thread "main" org.example.CartGone: x\n${calls}`, 9)
    addLog(logs, {}, 'cannot total\nand no stack', 17)
    addLog(logs, { 'event.id': 'f'.repeat(32) }, stack, 17)
    // Its length is the byte of a line's end.
    addLog(logs, {}, 'ten bytes.', 17)
    addLog(logs, {}, stack, 21)
    new ProblemStage().apply(logs)
    const [first, ...others] = Array.from({ length: 8 }, (_, row) => (logs.problem.isZero(row) ? '' : hex(logs, row)))
    expect(first).toMatch(/^[0-9a-f]{16}$/)
    expect(others).toEqual([first, '', first, '', '', '', first])
  })

  test('reads many errors in many steps, and groups them all', () => {
    const logs = begun(new LogsBatch())
    const stack = `Error: x\n${'    at total (/srv/app/cart.js:12:5)\n'.repeat(25)}`
    for (let i = 0; i < 4000; i++) addLog(logs, i % 2 === 0 ? {} : { 'exception.stacktrace': stack }, i % 2 === 0 ? stack : 'failed', 17)
    const steps = [...new ProblemStage().steps(logs)].length
    // Some 4 MiB.
    expect(steps).toBeGreaterThan(40)
    expect(Array.from({ length: 4000 }, (_, row) => logs.problem.isZero(row))).not.toContain(true)
  })

  test('takes what loggers call an exception for what the conventions call so', () => {
    const stack = 'Error: order 1\n    at total (/srv/app/cart.js:12:5)'
    const traceback = 'Traceback (most recent call last):\n  File "/app/cart.py", line 12, in total\nshop.Gone: cart 7'
    const logs = begun(new LogsBatch())
    const same = [
      { 'exception.type': 'Error', 'exception.message': 'order 1', 'exception.stacktrace': stack },
      { 'err.type': 'Error', 'err.message': 'order 1', 'err.stack': stack },
      { 'err.name': 'Error', 'err.message': 'order 1', 'err.stack': stack },
      { 'error.type': 'Error', 'error.message': 'order 1', 'error.stack_trace': stack },
      { 'error.kind': 'Error', 'error.message': 'order 1', 'error.stack': stack },
      { 'thrown.name': 'Error', 'thrown.message': 'order 1', 'thrown.extendedStackTrace': stack },
      { stack },
      { stack_trace: stack },
    ]
    for (const attributes of same) addLog(logs, attributes)
    addLog(logs, { exception: traceback })
    addLog(logs, { exc_info: traceback })
    addLog(logs, { 'err.type': 'Refused', 'err.message': 'no' }, 'failed', 17)
    const none: Record<string, string>[] = [
      { stack: 'production', exception: 'none' },
      { 'error.type': '500', 'error.message': 'no' },
      { 'error.type': 'timeout' },
      { exc_info: 'two\nlines' },
      { 'err.message': 'no' },
    ]
    for (const attributes of none) addLog(logs, attributes, 'failed', 9)
    const words = logs.attributes.keys.words.size
    new ProblemStage().apply(logs)
    const problems = Array.from({ length: logs.rows }, (_, row) => (logs.problem.isZero(row) ? '' : hex(logs, row)))
    expect(problems.slice(0, 8)).toEqual(Array.from({ length: 8 }, () => problems[0]))
    expect(problems[8]).toMatch(/^[0-9a-f]{16}$/)
    expect(problems[9]).toBe(problems[8])
    expect(problems[10]).not.toBe('')
    expect(problems.slice(11)).toEqual(none.map(() => ''))
    expect(logs.attributes.keys.words.size).toBe(words)
  })

  test('leaves a problem that a row brings, and batches of spans', () => {
    const logs = begun(new LogsBatch())
    addLog(logs, { 'exception.type': 'Error' })
    logs.problem.setU32(0, 5)
    new ProblemStage().apply(logs)
    expect(logs.problem.u32(0)).toBe(5)
    expect(() => new ProblemStage().apply(begun(new SpansBatch()))).not.toThrow()
  })
})

describe('exceptions of spans', () => {
  function addSpan(spans: SpansBatch, events: unknown): void {
    spans.time(nowMs / 1000, 0)
    spans.from(noResource)
    spans.service.setWord(spans.rows, spans.service.words.internString('shop'))
    spans.name.pushString('GET /cart')
    spans.traceId.pushRaw(Buffer.alloc(16, 1))
    spans.spanId.pushRaw(Buffer.alloc(8, 2))
    if (events !== null) spans.events.pushString(typeof events === 'string' ? events : JSON.stringify(events))
    spans.endRow()
  }

  test('become rows of logs with the span’s ids, at the event’s time', () => {
    const spans = begun(new SpansBatch())
    const logs = begun(new LogsBatch())
    const attributes = {
      'exception.type': 'TypeError',
      'exception.message': 'x is undefined',
      'exception.stacktrace': 'TypeError: x\n    at f (/a/b.js:1:2)',
    }
    addSpan(spans, [
      { name: 'cache miss', timeUnixNano: `${nowMs}000000`, attributes: {} },
      { name: 'exception', timeUnixNano: `${nowMs + 1500}000000`, attributes },
    ])
    addSpan(spans, null)
    addSpan(spans, [{ name: 'exception', timeUnixNano: '17', attributes: { 'exception.type': 'E' } }])
    addSpan(spans, '[{"name":"exception"')
    // Thrown through two hands, each of which records it.
    const again = { name: 'exception', timeUnixNano: `${nowMs}000000`, attributes: { 'exception.type': 'Again' } }
    addSpan(spans, [again, { ...again, timeUnixNano: `${nowMs + 2}000000` }])
    liftExceptions(spans, logs)
    new ProblemStage().apply(logs)
    expect([logs.rows, logs.refusedTotal]).toEqual([3, 0])
    expect([logs.body.text(0), logs.service.text(0), logs.severity.u8(0), logs.traceId.isZero(0), logs.problem.isZero(0)]).toEqual([
      'TypeError: x is undefined',
      'shop',
      17,
      false,
      false,
    ])
    splitMs(nowMs + 1500)
    expect([logs.ts.u32(0), logs.ts.u32(0, 1)]).toEqual([timeHalves.low, timeHalves.high])
    expect(logs.source.text(0)).toBe('span-event')
    // A time of 1970 is the sender's mistake: the span's own is taken.
    expect([logs.ts.u32(1), logs.ts.u32(1, 1)]).toEqual([spans.ts.u32(2), spans.ts.u32(2, 1)])
  })

  test('that are alike are one within 50 ms, and say how many they are beyond', () => {
    const failed = { 'exception.type': 'net.Lost', 'exception.message': 'no route' }
    const at = (afterMs: number, attributes: object = failed): object => ({
      name: 'exception',
      timeUnixNano: `${nowMs + afterMs}000000`,
      attributes,
    })
    const spans = begun(new SpansBatch())
    const logs = begun(new LogsBatch())
    addSpan(spans, [at(0), at(49), at(50), at(70), at(2000), at(2001, { ...failed, 'exception.message': 'refused' })])
    // By hands that know more or less of it: one happening.
    addSpan(spans, [at(0), at(3, { ...failed, 'exception.escaped': 'true' })])
    addSpan(
      spans,
      Array.from({ length: 1000 }, (_, i) => at(i * 100)),
    )
    liftExceptions(spans, logs)
    const times = Array.from({ length: 6 }, (_, row) => {
      const found = logs.attributes.find(row, logs.attributes.keys.words.internString('exception.times'))
      return found === -1 ? '' : logs.attributes.values.text(found)
    })
    expect(times).toEqual(['3', '3', '3', '', '', ''])
    expect(logs.rows).toBe(1000)
  })
})

test.each([
  [null, nowMs - 1000, 'new'],
  [null, nowMs - 30 * 86_400_000, 'ongoing'],
  ['reopened', nowMs - 1000, 'ongoing'],
  ['ignored', nowMs - 1000, 'ignored'],
  ['resolved', nowMs - 1000, 'resolved'],
] as const)('decided %s, first seen at %d: %s', (decision, firstMs, want) => {
  const made = decision === null ? null : { decision, decidedMs: nowMs - 10, decidedBy: 'ada' }
  expect(stateOf({ firstMs, seenMs: nowMs - 20 }, made, nowMs)).toBe(want)
})

test('seen after it was resolved, a problem has regressed; ignored it stays ignored', () => {
  const seen = { firstMs: nowMs - 1000, seenMs: nowMs }
  expect(stateOf(seen, { decision: 'resolved', decidedMs: nowMs - 10, decidedBy: 'ada' }, nowMs)).toBe('regressed')
  expect(stateOf(seen, { decision: 'ignored', decidedMs: nowMs - 10, decidedBy: 'ada' }, nowMs)).toBe('ignored')
})

test.each([
  ['https://a.example/assets/app.js?v=1#x', '~/assets/app.js'],
  ['app:///assets/app.js', '~/assets/app.js'],
  ['~/assets/app.js.map', '~/assets/app.js'],
  ['/srv/dist/app.js', '~/srv/dist/app.js'],
  ['app.js', '~/app.js'],
  ['', ''],
])('%s is stored as %s', (name, want) => {
  expect(normalizedName(name)).toBe(want)
})
