/** What is asked of logs, against the real engines: every answer is compared with what was sent. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openLogsStack, type LogsStack, type SentLog } from './logs-stack.ts'

const live = new AbortController().signal
const minute = 60_000
const hour = 60 * minute
const dayMs = 24 * hour
/** At the edge of ten minutes, an hour and more ago. */
const start = Math.floor(Date.now() / 600_000) * 600_000 - 2 * hour
const range = { fromMs: start, toMs: start + hour }
const everything = { ...range, query: '' }
const levels = [5, 9, 9, 9, 13, 17]
const traceId = '00112233445566778899aabbccddeeff'

/** One a second for an hour, over three services; every third carries a status, one of them a trace. */
const sent: SentLog[] = Array.from({ length: 3600 }, (_, i) => ({
  body: i % 100 === 42 ? `payment ${i} failed: card declined` : `request ${i} served`,
  timeMs: start + i * 1000 + 0.5,
  severity: levels[i % levels.length] ?? 9,
  service: ['cart', 'payment', 'search'][i % 3] ?? '',
  host: `h${i % 2}`,
  attributes: { number: String(i), ...(i % 3 === 0 ? { status: i % 600 === 0 ? '500' : '200', took_ms: String(i % 50) } : {}) },
  ...(i === 1234 ? { traceId } : {}),
  ...(i === 7 ? { weight: 10 } : {}),
}))

let stack: LogsStack
beforeAll(async () => {
  stack = await openLogsStack()
  for (let first = 0; first < sent.length; first += 900) await stack.put(sent.slice(first, first + 900))
  await stack.put([{ body: 'secret of another project failed', timeMs: start + 5000, service: 'theirs' }], {
    organizationId: 1,
    projectId: 2,
  })
  await stack.put([{ body: 'secret of another organization', timeMs: start + 5000, service: 'theirs' }], {
    organizationId: 2,
    projectId: 1,
  })
})
afterAll(async () => {
  await stack[Symbol.asyncDispose]()
})

function numbersOf(rows: readonly { attributes: Record<string, string> }[]): number[] {
  return rows.map(({ attributes }) => Number(attributes['number']))
}

async function query(text: string, more: { limit?: number; order?: 'newest' | 'oldest'; cursor?: string | null } = {}) {
  const request = { ...everything, query: text, limit: 100, order: 'newest' as const, cursor: null, ...more }
  return await stack.manager.query(stack.access.scope, request, live)
}

describe('rows', () => {
  test('come newest first, with all that was sent', async () => {
    const { items } = await query('', { limit: 3 })
    expect(numbersOf(items)).toEqual([3599, 3598, 3597])
    expect(items[0]).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
      timestamp: `${new Date(start + 3599_000).toISOString().slice(0, 19)}.000500000Z`,
      severity: 17,
      service: 'search',
      host: 'h1',
      environment: '',
      release: '',
      scope: '',
      source: '',
      body: 'request 3599 served',
      attributes: { number: '3599' },
      resource: { 'service.name': 'search', 'host.name': 'h1', team: 'team of search' },
      traceId: '',
      spanId: '',
      pattern: '',
      problem: '',
      weight: 1,
      isScrubbed: false,
    })
  })

  const searches: [string, (log: SentLog, i: number) => boolean][] = [
    ['failed', ({ body }) => body.includes('failed')],
    ['"card declined" severity:error', ({ body, severity }) => body.includes('card declined') && severity === 17],
    ['service:payment -severity:debug host:h1', ({ service, severity, host }) => service === 'payment' && severity !== 5 && host === 'h1'],
    ['status:500', ({ attributes }) => attributes?.['status'] === '500'],
    ['took_ms:>=48', ({ attributes }) => Number(attributes?.['took_ms'] ?? -1) >= 48],
    ['team:"team of search" number:<30', ({ service, attributes }) => service === 'search' && Number(attributes?.['number']) < 30],
    [`trace_id:${traceId}`, (log) => log.traceId === traceId],
    ['has:status', ({ attributes }) => attributes?.['status'] !== undefined],
    ['nothing of the kind', () => false],
  ]
  test.each(searches)('%s: page by page, all that match and no other', async (text, matches) => {
    const wanted = sent.flatMap((log, i) => (matches(log, i) ? [i] : []))
    for (const order of ['newest', 'oldest'] as const) {
      const found: number[] = []
      let cursor: string | null = null
      do {
        const page = await query(text, { limit: 500, order, cursor })
        found.push(...numbersOf(page.items))
        cursor = page.next
      } while (cursor !== null)
      expect(found).toEqual(order === 'newest' ? wanted.toReversed() : wanted)
    }
  })

  test('a page stays where it is while rows come in, and rows of one time are told apart', async () => {
    const same = Array.from({ length: 7 }, (_, i) => ({ body: `twin ${i}`, timeMs: start - hour, attributes: { number: String(i) } }))
    await stack.put(same)
    const of = { query: 'twin', fromMs: start - 2 * hour, toMs: range.toMs, limit: 3, order: 'newest' as const }
    const first = await stack.manager.query(stack.access.scope, { ...of, cursor: null }, live)
    await stack.put([{ body: 'twin later', timeMs: start - hour + 1, attributes: { number: '99' } }])
    const second = await stack.manager.query(stack.access.scope, { ...of, cursor: first.next }, live)
    const third = await stack.manager.query(stack.access.scope, { ...of, cursor: second.next }, live)
    expect([first, second, third].map(({ items }) => numbersOf(items))).toEqual([[6, 5, 4], [3, 2, 1], [0]])
    expect(third.next).toBeNull()
  })

  test('pages of long rows end by size, go on behind it, and cut what is very long; a row by itself is whole', async () => {
    const [body, stack_trace] = ['long '.repeat(100_000), 'ä'.repeat(20_000)]
    const firstMs = start - 3 * dayMs
    const long = Array.from({ length: 900 }, (_, i) => ({
      body: i === 3 ? body : `long ${'x'.repeat(15_000)}`,
      timeMs: firstMs + i * 1000,
      attributes: { number: String(i), ...(i === 3 ? { stack_trace } : {}) },
    }))
    await stack.put(long)
    const of = { query: 'long', fromMs: firstMs, toMs: firstMs + hour, limit: 1000, order: 'newest' as const }
    const found: number[] = []
    const sizes: number[] = []
    const before = stack.answered.textBytes
    let cut: { id: string; body: string; attributes: Record<string, string>; isCut?: true } | undefined
    let cursor: string | null = null
    do {
      const page = await stack.manager.query(stack.access.scope, { ...of, cursor }, live)
      found.push(...numbersOf(page.items))
      sizes.push(JSON.stringify(page.items).length)
      cut = page.items.find(({ isCut }) => isCut === true) ?? cut
      cursor = page.next
    } while (cursor !== null)
    expect(found).toEqual(long.map((_, i) => 899 - i))
    expect(sizes.length).toBe(2)
    expect(Math.max(...sizes)).toBeLessThan(9 * 1024 * 1024)
    expect(stack.answered.textBytes - before).toBeLessThan(15 * 1024 * 1024)
    expect(cut).toMatchObject({ body: `${body.slice(0, 16_384)}…`, attributes: { number: '3', stack_trace: `${'ä'.repeat(8192)}…` } })
    // A small page, whose rows come whole from the engine, shows it the same.
    const few = await stack.manager.query(stack.access.scope, { ...of, toMs: firstMs + 5000, limit: 5, cursor: null }, live)
    expect(few.items.find(({ isCut }) => isCut === true)).toEqual(cut)
    const whole = await stack.manager.row(stack.access.scope, cut?.id ?? '', live)
    expect(whole).toMatchObject({ body, attributes: { number: '3', stack_trace } })
    expect(whole.isCut).toBeUndefined()
    const around = await stack.manager.context(stack.access.scope, { id: cut?.id ?? '', of: 'all', before: 500, after: 500 }, live)
    expect([around.before.length, around.hasMoreBefore]).toEqual([3, false])
    expect(numbersOf(around.after)).toEqual(Array.from({ length: around.after.length }, (_, i) => 4 + i))
    expect([around.after.length < 300, around.hasMoreAfter]).toEqual([true, true])
  })

  test('what cannot be asked is said', async () => {
    await expect(query('severity:loud')).rejects.toMatchObject({ code: 'search.invalid' })
    await expect(query('', { cursor: 'x' })).rejects.toMatchObject({ code: 'logs.bad_cursor' })
    const backwards = { ...everything, fromMs: range.toMs, toMs: range.fromMs, limit: 1, order: 'newest' as const, cursor: null }
    await expect(stack.manager.query(stack.access.scope, backwards, live)).rejects.toMatchObject({ code: 'logs.bad_range' })
  })
})

describe('counts over time', () => {
  const request = { ...everything, stepSec: 600, intervals: 60, by: 'severity', measure: 'count' as const, field: null, limit: 10 }

  test.each([
    ['', true],
    ['service:payment', true],
    ['body:request', false],
  ])('by severity of %j: %s from the counts by minute', async (text, isByMinute) => {
    const answer = await stack.manager.histogram(stack.access.scope, { ...request, query: text }, live)
    const matching = sent.filter(({ body, service }) =>
      text === '' ? true : text === 'service:payment' ? service === 'payment' : body.startsWith('request'),
    )
    const count = (of: readonly SentLog[]): number => of.reduce((sum, { weight = 1 }) => sum + weight, 0)
    expect(answer).toMatchObject({ startMs: start, stepSec: 600, intervals: 6, isByMinute, total: count(matching) })
    const names: Record<number, string> = { 17: 'error', 13: 'warn', 9: 'info', 5: 'debug' }
    const wanted = [17, 13, 9, 5].flatMap((severity) => {
      const values = Array.from({ length: 6 }, (_, i) =>
        count(matching.filter((log) => log.severity === severity && Math.floor((log.timeMs - start) / 600_000) === i)),
      )
      const total = values.reduce((a, b) => a + b, 0)
      return total === 0 ? [] : [{ value: names[severity], isRest: false, total, values }]
    })
    expect(answer.series).toEqual(wanted)
  })

  test('measures of a field, by another; the rest together', async () => {
    const asked = { ...request, stepSec: 3600, by: 'service', measure: 'max' as const, field: 'took_ms' }
    const answer = await stack.manager.histogram(stack.access.scope, asked, live)
    expect(answer.series.map(({ value, values }) => [value, values[0] === null ? null : Math.max(...values.map(Number))])).toEqual([
      ['cart', 49],
    ])
    const median = await stack.manager.histogram(stack.access.scope, { ...asked, by: null, measure: 'p50', stepSec: 7200 }, live)
    const values = median.series[0]?.values ?? []
    expect(Math.abs(Number(values.at(-1) ?? values[0]) - 24.5)).toBeLessThan(2)
    const cut = await stack.manager.histogram(stack.access.scope, { ...request, by: 'service', limit: 1 }, live)
    expect(cut.series.map(({ value, isRest, total }) => [value, isRest, total])).toEqual([
      ['payment', false, 1209],
      ['', true, 2400],
    ])
    await expect(stack.manager.histogram(stack.access.scope, { ...asked, field: null }, live)).rejects.toMatchObject({
      code: 'logs.bad_measure',
    })
  })

  test('by an attribute with a value of its own in nearly every row: only the shown ones leave the engine', async () => {
    const before = stack.answered.rows
    const counted = await stack.manager.histogram(stack.access.scope, { ...request, by: 'number', limit: 2 }, live)
    expect(counted.series.map(({ value, isRest, total }) => [value, isRest, total])).toEqual([
      ['7', false, 10],
      ['0', false, 1],
      ['', true, 3598],
    ])
    expect(counted.total).toBe(3609)
    expect(counted.series[2]?.values).toEqual([598, 600, 600, 600, 600, 600])
    const summed = await stack.manager.histogram(
      stack.access.scope,
      { ...request, by: 'number', limit: 2, measure: 'sum', field: 'number' },
      live,
    )
    expect(summed.series.map(({ value, values }) => [value, values.at(-1)])).toEqual([
      ['3599', 3599],
      ['3598', 3598],
    ])
    expect(stack.answered.rows - before).toBeLessThan(40)
  })
})

describe('facets', () => {
  const request = { ...everything, fields: null, limit: 3 }

  test('of everything come from what was noted, of a search from the rows, and say the same', async () => {
    const aligned = { ...request, fromMs: start - 50 * minute, toMs: start + 3 * hour }
    const noted = await stack.manager.facets(stack.access.scope, aligned, live)
    const counted = await stack.manager.facets(stack.access.scope, { ...aligned, query: 'NOT service:nobody' }, live)
    expect([noted.basis, counted.basis]).toEqual(['batches', 'rows'])
    for (const name of ['severity', 'service', 'host', '@status']) {
      const [a, b] = [noted, counted].map(({ items }) => items.find(({ field }) => field === name))
      expect(a).toEqual(b)
    }
    expect(noted.rows).toBe(3609)
    expect(noted.items.find(({ field }) => field === '@status')).toEqual({
      field: '@status',
      kind: 'attribute',
      values: [
        { value: '200', count: 1194 },
        { value: '500', count: 6 },
      ],
      rows: 1200,
      isCut: false,
    })
    // Numbers of rows are all different, no choice to offer, but for one that stands for ten.
    expect(noted.items.find(({ field }) => field === '@number')?.values).toEqual([{ value: '7', count: 10 }])
  })

  test.each([
    ['ends', { fromMs: start - 2 * hour - 5 * minute, toMs: start + hour - 3 * minute - 7000 }],
    ['begins', { fromMs: start + 5000, toMs: start + 3 * hour + 4 * minute }],
  ])('of everything in a long range that %s within a step of notes: what lies beside it is not counted', async (end, long) => {
    const noted = await stack.manager.facets(stack.access.scope, { ...request, ...long }, live)
    const counted = await stack.manager.facets(stack.access.scope, { ...request, ...long, query: 'NOT service:nobody' }, live)
    expect([noted.basis, counted.basis]).toEqual(['batches', 'rows'])
    expect(noted.rows).toBe(counted.rows)
    for (const name of ['severity', 'service', 'host', '@status']) {
      const [a, b] = [noted, counted].map(({ items }) => items.find(({ field }) => field === name))
      expect(a).toEqual(b)
    }
    // Numbers of the rows at the ends are no choices either.
    if (end === 'begins') expect(noted.items.find(({ field }) => field === '@number')?.values).toEqual([{ value: '7', count: 10 }])
  })

  test('of one large request whose rows take turns: fields in all rows, attributes in a sample that has no turns', async () => {
    const firstMs = start - 5 * dayMs
    await stack.put(
      Array.from({ length: 20_000 }, (_, i) => ({
        body: 'turn',
        timeMs: firstMs + i,
        severity: i === 12_345 ? 21 : i % 2 === 0 ? 9 : 5,
        host: `h${i % 2}`,
        attributes: { region: i % 2 === 0 ? 'eu' : 'us' },
      })),
    )
    const long = { ...request, fromMs: firstMs - 10 * minute, toMs: firstMs + 4 * hour }
    const { items, basis, rows } = await stack.manager.facets(stack.access.scope, long, live)
    expect([basis, rows]).toEqual(['batches', 20_000])
    const valuesOf = (name: string) => items.find(({ field }) => field === name)
    expect(valuesOf('severity')?.values).toEqual([
      { value: 'fatal', count: 1 },
      { value: 'info', count: 10_000 },
      { value: 'debug', count: 9999 },
    ])
    expect(valuesOf('host')?.values.map(({ count }) => count)).toEqual([10_000, 10_000])
    const region = valuesOf('@region')
    expect(region?.values.map(({ value }) => value).toSorted()).toEqual(['eu', 'us'])
    for (const { count } of region?.values ?? []) expect(Math.abs(count - 10_000)).toBeLessThan(1500)
    expect(Math.round(region?.rows ?? 0)).toBe(20_000)
  })

  test('of everything in a short range are counted', async () => {
    const found = await stack.manager.facets(stack.access.scope, { ...request, fromMs: start + 125_000, toMs: start + 265_000 }, live)
    expect([found.basis, found.rows]).toEqual(['rows', 140])
    expect(found.items.find(({ field }) => field === 'service')?.rows).toBe(140)
  })

  test('are named as the search language writes them, as differences are', async () => {
    const [timeMs, name] = [start - 90 * minute, 'user "name"']
    await stack.put([{ body: 'odd', timeMs, attributes: { [name]: 'Ada' } }])
    for (const length of [minute, 4 * hour]) {
      const found = await stack.manager.facets(stack.access.scope, { ...request, fromMs: timeMs - 1, toMs: timeMs + length }, live)
      const field = found.items.find((one) => one.field.includes('user'))?.field
      expect(field).toBe(String.raw`"@user \"name\""`)
      const rows = await stack.manager.query(
        stack.access.scope,
        { query: `${field}:Ada`, fromMs: timeMs - 1, toMs: timeMs + length, limit: 10, order: 'newest', cursor: null },
        live,
      )
      expect(rows.items.map(({ body }) => body)).toEqual(['odd'])
    }
  })

  test('of named fields', async () => {
    const found = await stack.manager.facets(
      stack.access.scope,
      { ...request, query: 'failed', fields: ['host', 'status'], limit: 5 },
      live,
    )
    expect(found.items.map(({ field, values }) => [field, values.map(({ value }) => value)])).toEqual([
      ['host', ['h0']],
      ['status', ['200']],
    ])
  })

  test('values for completion', async () => {
    const values = stack.manager.values(stack.access.scope, live)
    expect((await values.values('service', 'PAY', 5)).map(({ value }) => value)).toEqual(['payment'])
    expect((await values.attributes('st', 5)).map(({ value }) => value)).toEqual(['status'])
    expect((await values.values('status', '', 5)).map(({ value }) => value)).toEqual(['200', '500'])
  })
})

describe('a row and what stands around it', () => {
  test.each([
    ['service', 3],
    ['all', 1],
  ] as const)('of the same %s', async (of, step) => {
    const { items } = await query(`trace_id:${traceId}`)
    const id = items[0]?.id ?? ''
    const context = await stack.manager.context(stack.access.scope, { id, of, before: 2, after: 3 }, live)
    expect(numbersOf([context.row])).toEqual([1234])
    expect(numbersOf(context.before)).toEqual([1234 - 2 * step, 1234 - step])
    expect(numbersOf(context.after)).toEqual([1234 + step, 1234 + 2 * step, 1234 + 3 * step])
    expect([context.hasMoreBefore, context.hasMoreAfter]).toEqual([true, true])
  })

  test('of the same place: service and host', async () => {
    const { items } = await query(`trace_id:${traceId}`)
    const context = await stack.manager.context(stack.access.scope, { id: items[0]?.id ?? '', of: 'resource', before: 1, after: 1 }, live)
    expect(numbersOf([...context.before, ...context.after])).toEqual([1228, 1240])
  })

  test('a row of somebody else is not there', async () => {
    await expect(stack.manager.row(stack.access.scope, '0'.repeat(32), live)).rejects.toMatchObject({ code: 'logs.not_found' })
  })
})

test('nothing of other projects is in any answer', async () => {
  const { manager, access } = stack
  const wide = { query: '', fromMs: start - dayMs, toMs: start + dayMs }
  const answers = [
    await manager.query(access.scope, { ...wide, query: 'secret', order: 'newest', limit: 100, cursor: null }, live),
    await manager.facets(access.scope, { ...wide, fields: null, limit: 100 }, live),
    await manager.facets(access.scope, { ...wide, query: 'host:h1', fields: null, limit: 100 }, live),
    await manager.histogram(
      access.scope,
      { ...wide, stepSec: null, intervals: 10, by: 'service', measure: 'count', field: null, limit: 50 },
      live,
    ),
    await manager.values(access.scope, live).values('service', '', 100),
  ]
  expect(JSON.stringify(answers)).not.toContain('theirs')
  expect(JSON.stringify(answers)).not.toContain('secret')
})

test('answers of the engine are read to their end', () => {
  expect(stack.leftEarly).toEqual([])
})
