/** Files to samples, line by line: mappings found and given, times, both shapes of JSON lines, refusals, parts, cancelling, holding back. */
import { gzipSync } from 'node:zlib'
import { describe, expect, test, vi } from 'vitest'
import { systemClock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import { createTestDoor, testNowMs, testTenant, type TestDoor } from '../testing/door.ts'
import { ImportDesk } from './imports.ts'
import { importIdleYieldMs } from './limits.ts'
import type { ImportMapping, ImportOptions, ImportStatus } from './ports.ts'
import { parseTime } from './times.ts'

const at = (sec: number): string => new Date(testNowMs - 60_000 + sec * 1000).toISOString()
const ms = (sec: number): number => testNowMs - 60_000 + sec * 1000

async function* chunks(body: string | Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(body)
  for (let from = 0; from < bytes.byteLength; from += size) yield await Promise.resolve(bytes.subarray(from, from + size))
}

function optionsOf(format: 'csv' | 'jsonl', mapping: ImportMapping = {}, isGzipped = false): ImportOptions {
  return { format, mapping, isGzipped, fileName: 'f', sizeBytes: null }
}

interface Imported {
  readonly status: ImportStatus
  readonly rows: readonly string[]
}

async function run(body: string | Uint8Array, options: ImportOptions, it: TestDoor = createTestDoor()): Promise<Imported> {
  using desk = new ImportDesk({ door: it.door, clock: systemClock })
  const { id } = desk.open(testTenant, options)
  const status = await desk.send(testTenant, id, { offset: 0, hasMore: false }, chunks(body, 7))
  return { status, rows: it.metrics.rows }
}

describe('times', () => {
  test.each([
    ['2026-11-21T08:00:00Z', testNowMs],
    ['2026-11-21 08:00:00', testNowMs],
    ['2026-11-21T09:30:00.250+01:30', testNowMs + 250],
    ['2026-11-21T09:00:00,5+0100', testNowMs + 500],
    ['2026-11-21', testNowMs - 8 * 3_600_000],
    [String(testNowMs / 1000), testNowMs],
    [`${testNowMs / 1000}.25`, testNowMs + 250],
    [String(testNowMs), testNowMs],
    [`${testNowMs}999`, testNowMs],
    [`${testNowMs}999999`, testNowMs],
    ['yesterday', Number.NaN],
    ['2026-13-45', Number.NaN],
    ['', Number.NaN],
  ])('%s', (text, expected) => expect(parseTime(text, 'auto')).toBe(expected))

  test('of a given unit', () => {
    expect(parseTime('5', 'ms')).toBe(5)
    expect(parseTime('5', 's')).toBe(5000)
    expect(parseTime('5000000', 'ns')).toBe(5)
    expect(parseTime('2026-11-21', 's')).toBeNaN()
    expect(parseTime('5', 'rfc3339')).toBeNaN()
  })
})

describe('csv', () => {
  test('a wide table: a metric each column of numbers, the others are labels', async () => {
    const { status, rows } = await run(
      `\u{feff}time,host,cpu load,mem\n${at(0)},a,0.5,10\n${at(1)},"b,""x""",1e3,\n\n${at(2)},a,true,12\r\n`,
      optionsOf('csv'),
    )
    expect(rows).toEqual([
      `cpu_load{host="a"} 0.5 @${ms(0)}`,
      `mem{host="a"} 10 @${ms(0)}`,
      `cpu_load{host="b,\\"x\\""} 1000 @${ms(1)}`,
      `cpu_load{host="a"} 1 @${ms(2)}`,
      `mem{host="a"} 12 @${ms(2)}`,
    ])
    expect(status).toMatchObject({
      state: 'done',
      samples: 5,
      stored: 5,
      refused: {},
      mapping: { time: 'time', values: ['cpu load', 'mem'], labels: ['host'] },
    })
  })

  test('a long table: the metric is named in a column', async () => {
    const { rows } = await run(
      `timestamp;metric;value;zone\n${ms(0)};http.requests;5;eu\n${ms(1)};up;1;\n`,
      optionsOf('csv', { delimiter: ';' }),
    )
    expect(rows).toEqual([`http_requests{zone="eu"} 5 @${ms(0)}`, `up 1 @${ms(1)}`])
  })

  test('as the sender says', async () => {
    const mapping: ImportMapping = {
      time: 'when',
      timeFormat: 's',
      values: ['b'],
      labels: ['c'],
      name: 'power',
      extraLabels: [['site', 'x']],
    }
    const { rows } = await run(`a,when,b,c\n1,${ms(0) / 1000},2,3\n`, optionsOf('csv', mapping))
    expect(rows).toEqual([`power{c="3",site="x"} 2 @${ms(0)}`])
  })

  test('rows that are wrong are refused by line, the others are stored', async () => {
    const { status, rows } = await run(
      `time,host,v\n${at(0)},a,1\nnever,a,1\n${at(1)},a,x\n1970-01-02,a,1\n${at(2)},a,1,2\n${at(3)},a,2\n${at(4)},a"b,2\n${at(5)},a,3\n`,
      optionsOf('csv', { values: ['v'] }),
    )
    expect(rows).toHaveLength(3)
    expect(status.refused).toEqual({ invalid_time: 1, invalid_number: 1, timestamp_out_of_range: 1, malformed_line: 2 })
    expect(status.refusedRows.map(({ line, reason }) => [line, reason])).toEqual([
      [3, 'invalid_time'],
      [4, 'invalid_number'],
      [5, 'timestamp_out_of_range'],
      [6, 'malformed_line'],
      [8, 'malformed_line'],
    ])
  })

  test('what the door refuses is refused by reason, with its lines', async () => {
    const { status } = await run(`time,host,v\n${at(0)},${'x'.repeat(5000)},1\n${at(1)},b,2\n`, optionsOf('csv', { values: ['v'] }))
    expect(status).toMatchObject({ stored: 1, refused: { label_value_too_long: 1 } })
    expect(status.refusedRows[0]?.text).toMatch(/^1 samples of lines 2 to 3: /)
  })

  test.each([
    ['', 'The file is empty'],
    ['a,b\n1,2\n', 'No column is named like a time'],
    [`time,host\n${at(0)},a\n`, 'No column holds numbers'],
    ['time,time\n1,2\n', 'Two columns have the name'],
    ['time,,v\n1,2,3\n', 'Column 2 has no name'],
  ])('%j cannot be mapped: %s', async (body, failure) => {
    const { status } = await run(body, optionsOf('csv'))
    expect(status).toMatchObject({ state: 'failed', failure: expect.stringContaining(failure) })
  })
})

describe('json lines', () => {
  test('in the shape of VictoriaMetrics', async () => {
    const series = {
      metric: { __name__: 'up', job: 'node', 'a.b': 'ü' },
      values: [1, null, 0, 'x'],
      timestamps: [ms(0), ms(1), ms(2), ms(3)],
    }
    const { status, rows } = await run(
      `${JSON.stringify(series)}\n\n{"metric":{},"values":[1],"timestamps":[1]}\nnot json\n[1]\n`,
      optionsOf('jsonl'),
    )
    expect(rows).toEqual([`up{a.b="ü",job="node"} 1 @${ms(0)}`, `up{a.b="ü",job="node"} 0 @${ms(2)}`])
    expect(status.refused).toEqual({ invalid_number: 1, metric_name_missing: 1, malformed_line: 2 })
  })

  test('flat objects, members as columns', async () => {
    const { rows } = await run(
      [
        { ts: at(0), host: 'a', load: 0.5, ok: true },
        { ts: ms(1), host: 'b', load: 2 },
        { host: 'c', load: 1 },
      ]
        .map((row) => JSON.stringify(row))
        .join('\n'),
      optionsOf('jsonl', { name: 'sys' }),
    )
    expect(rows).toEqual([`sys_load{host="a"} 0.5 @${ms(0)}`, `sys_ok{host="a"} 1 @${ms(0)}`, `sys_load{host="b"} 2 @${ms(1)}`])
  })

  test('a line that is too long is refused, the next one is stored', async () => {
    const { status, rows } = await run(
      `{"ts":1,"x":"${'y'.repeat(4_200_000)}"}\n${JSON.stringify({ ts: ms(0), v: 1 })}`,
      optionsOf('jsonl'),
      createTestDoor(),
    )
    expect(rows).toEqual([`v 1 @${ms(0)}`])
    expect(status.refused).toEqual({ malformed_line: 1 })
  }, 30_000)
})

test.each(['csv', 'jsonl'] as const)('%s of a few kB that would become very much is refused before it does', async (format) => {
  const it = createTestDoor()
  const line =
    format === 'csv' ? Buffer.concat([Buffer.from('time,v\n'), Buffer.alloc(50_000_000, ',')]) : `{"a":[${'{},'.repeat(1_000_000)}1]}\n`
  using desk = new ImportDesk({ door: it.door, clock: systemClock })
  const { id } = desk.open(testTenant, optionsOf(format, {}, true))
  const packed = gzipSync(line)
  const status = await desk.send(testTenant, id, { offset: 0, hasMore: false }, chunks(packed, 16_384))
  if (format === 'csv') {
    expect(status).toMatchObject({ state: 'failed', failure: expect.stringContaining('more than 2000 cells') })
    await expect(desk.preview(optionsOf('csv', {}, true), packed)).rejects.toMatchObject({
      publicText: expect.stringContaining('2000 cells'),
    })
  } else {
    expect(status.refused).toEqual({ malformed_line: 1 })
    expect(status.refusedRows[0]?.text).toContain('objects, lists and members')
  }
})

describe('an import', () => {
  test.each(['raw', 'low'] as const)('takes the lane %s that admission gives it, batch by batch', async (lane) => {
    const it = createTestDoor()
    it.lane = lane
    const { status } = await run(table, optionsOf('csv'), it)
    expect(status).toMatchObject({ state: 'done', samples: 20 })
    expect(it.rawRecords.map(({ lane, record }) => [lane, record.tenant])).toEqual([[lane, testTenant]])
    expect(it.admissions).toHaveLength(1)
    expect(it.metrics.rows).toEqual([])
  })

  test('waits while admission refuses it', async () => {
    const it = createTestDoor()
    it.admissionFailure = new AppError({ code: 'ingest.rate_limited', kind: 'limit', publicText: 'Too much.' }, { retryAfterSec: 0.001 })
    using desk = new ImportDesk({ door: it.door, clock: systemClock })
    const { id } = desk.open(testTenant, optionsOf('csv'))
    const sent = desk.send(testTenant, id, { offset: 0, hasMore: false }, chunks(table, 1000))
    await vi.waitFor(() => expect(it.admissions.length).toBeGreaterThan(3), { timeout: 30_000 })
    expect(it.metrics.rows).toEqual([])
    it.admissionFailure = null
    expect(await sent).toMatchObject({ state: 'done', stored: 20 })
  })

  test('leaves room for other organizations, and its place to another one when nothing comes', async () => {
    let nowMs = 0
    const clock = { ...systemClock, monotonicMs: () => nowMs }
    using desk = new ImportDesk({ door: createTestDoor().door, clock })
    const open = (organizationId: number) => desk.open({ organizationId, projectId: organizationId }, optionsOf('csv'))
    const [first] = Array.from({ length: 4 }, () => open(1))
    expect(() => open(1)).toThrow(/import.too_many/)
    for (const organizationId of [2, 3, 4]) for (let i = 0; i < 4; i++) open(organizationId)
    expect(() => open(5)).toThrow(/import.too_many/)
    nowMs = importIdleYieldMs
    open(5)
    expect(desk.get({ organizationId: 1, projectId: 1 }, first?.id ?? '')).toMatchObject({
      state: 'interrupted',
      failure: expect.stringContaining('another import waited'),
    })
  })

  const table = `time,host,v\n${Array.from({ length: 20 }, (_unused, i) => `${at(i)},h${i % 3},${i}\n`).join('')}`

  test('may come in parts, also packed, and is refused at a wrong place', async () => {
    for (const isGzipped of [false, true]) {
      const it = createTestDoor()
      using desk = new ImportDesk({ door: it.door, clock: systemClock })
      const bytes = isGzipped ? gzipSync(table) : Buffer.from(table)
      const { id } = desk.open(testTenant, optionsOf('csv', {}, isGzipped))
      expect(await desk.send(testTenant, id, { offset: 0, hasMore: true }, chunks(bytes.subarray(0, 50), 9))).toMatchObject({
        state: 'running',
        receivedBytes: 50,
      })
      await expect(desk.send(testTenant, id, { offset: 40, hasMore: true }, chunks('x', 1))).rejects.toMatchObject({
        code: 'import.offset',
      })
      const last = await desk.send(testTenant, id, { offset: 50, hasMore: false }, chunks(bytes.subarray(50), 9))
      expect(last).toMatchObject({ state: 'done', stored: 20, lines: 21 })
      expect(it.metrics.rows).toHaveLength(20)
      expect(it.sources).toEqual(['import 20'])
      expect(desk.list(testTenant).map((status) => status.id)).toEqual([id])
      expect(desk.list({ organizationId: 1, projectId: 99 })).toEqual([])
      expect(() => desk.get({ organizationId: 1, projectId: 99 }, id)).toThrow(/import/)
    }
  })

  test('damaged gzip is said', async () => {
    const { status } = await run(gzipSync(table).subarray(0, 60), optionsOf('csv', {}, true))
    expect(status).toMatchObject({ state: 'failed', failure: 'The file cannot be unpacked as gzip.' })
  })

  test('waits while the log is full, and goes on by itself', async () => {
    const it = createTestDoor()
    let refusals = 2
    const door = {
      limits: it.door.limits,
      intake: it.door.intake,
      nowMs: testNowMs,
      admit: it.door.admit.bind(it.door),
      ingest: async (body: Parameters<typeof it.door.ingest>[0]) => {
        if (refusals-- > 0)
          throw Object.assign(
            new (await import('../../kernel/errors.ts')).AppError(
              { code: 'ingest.log_full', kind: 'limit', publicText: 'Full.' },
              { retryAfterSec: 0.001 },
            ),
          )
        return await it.door.ingest(body)
      },
    }
    using desk = new ImportDesk({ door, clock: systemClock })
    const { id } = desk.open(testTenant, optionsOf('csv'))
    expect(await desk.send(testTenant, id, { offset: 0, hasMore: false }, chunks(table, 1000))).toMatchObject({ state: 'done', stored: 20 })
  })

  test('can be cancelled: its sender is answered, what is stored stays, and there is room for others', async () => {
    const it = createTestDoor()
    using desk = new ImportDesk({ door: it.door, clock: systemClock })
    const { id } = desk.open(testTenant, optionsOf('csv'))
    await desk.send(testTenant, id, { offset: 0, hasMore: true }, chunks(table, 100))
    expect(desk.cancel(testTenant, id)).toMatchObject({ state: 'cancelled' })
    expect(await desk.send(testTenant, id, { offset: table.length, hasMore: false }, chunks(table.repeat(1000), 1000))).toMatchObject({
      state: 'cancelled',
    })
    for (let i = 0; i < 4; i++) desk.open(testTenant, optionsOf('csv'))
    expect(() => desk.open(testTenant, optionsOf('csv'))).toThrow(/import.too_many/)
  })

  test('can be looked at before: what the first rows would become', async () => {
    using desk = new ImportDesk({ door: createTestDoor().door, clock: systemClock })
    const preview = await desk.preview(optionsOf('csv'), Buffer.from(`${table}never,h,1\n`))
    expect(preview).toMatchObject({ columns: ['time', 'host', 'v'], mapping: { time: 'time', values: ['v'], labels: ['host'] } })
    expect(preview.rows).toHaveLength(20)
    expect(await desk.preview(optionsOf('csv'), Buffer.from('a,b\n1,2\n'))).toEqual({
      columns: ['a', 'b'],
      mapping: null,
      rows: [],
      problem: expect.stringContaining('No column is named like a time'),
    })
    expect(preview.rows[0]).toEqual({ line: 2, series: 'v{host="h0"}', timeMs: ms(0), value: 0, refusal: null })
  })
})
