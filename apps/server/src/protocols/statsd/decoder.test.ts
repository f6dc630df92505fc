import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../ingest/testing/manual-clock.ts'
import { silentLogger } from '../../kernel/log.ts'
import type { Tenant } from '../../kernel/scope.ts'
import { createAggregates, type MetricsBatch } from '../../metrics/index.ts'
import { defaultProtocolLimits } from '../limits.ts'
import { MemoryMetrics } from '../testing/memory-metrics.ts'
import { StatsdDecoder } from './decoder.ts'
import { TagLabels } from './labels.ts'
import { StatsdProjects } from './projects.ts'

const own: Tenant = { organizationId: 1, projectId: 1 }
const theirs: Tenant = { organizationId: 1, projectId: 2 }

class Recorder extends MemoryMetrics {
  received = 0
  readonly refused: Record<string, number> = {}
  members = 0

  override accept(batch: MetricsBatch, wireBytes: number): Promise<void> {
    this.received += batch.pointsReceived
    this.members += batch.sets.memberCount
    for (const [reason, points] of batch.refused) this.refused[reason] = (this.refused[reason] ?? 0) + points
    return super.accept(batch, wireBytes)
  }
}

function open() {
  const clock = new ManualClock()
  const metrics = new Recorder()
  const aggregates = createAggregates({ ingest: metrics, clock, logger: silentLogger, flushIntervalMs: 10_000 })
  const shown: string[] = []
  const keys = new Map([['good', theirs]])
  const state = { unowned: 0, points: 0 }
  const projects = new StatsdProjects({
    aggregates,
    tenantOf: (key, address) => (key === null ? (address === '127.0.0.1' ? own : null) : (keys.get(key) ?? null)),
    sources: { note: (_, __, points) => void (state.points += points) },
    refusedSamples: { note: (_, __, reason, text) => void shown.push(`${reason} | ${text}`) },
    clock,
  })
  const decoder = new StatsdDecoder({
    projects,
    limits: defaultProtocolLimits,
    clock,
    observer: { unowned: (lines) => void (state.unowned += lines) },
  })
  return {
    clock,
    metrics,
    aggregates,
    shown,
    keys,
    state,
    projects,
    send: (text: string | Uint8Array, address = '127.0.0.1') =>
      decoder.decode(typeof text === 'string' ? Buffer.from(text) : text, address),
    /** What the next flush wrote, without times and the zeros before first values. */
    async flushed(): Promise<string[]> {
      await clock.advance(10_000)
      return metrics.take().flatMap((row) => (row.includes(' 0 @') ? [] : [row.replace(/ @.*/, '')]))
    },
  }
}

describe('types', () => {
  test('counters add up, with sample rates', async () => {
    const { send, flushed, metrics } = open()
    send('hits:1|c\nhits:2|c|@0.1\nhits:3|c|#a:b\nhits:1:1:1|c|@0.5')
    expect(await flushed()).toEqual(['hits 27', 'hits{a="b"} 3'])
    expect(metrics.received).toBe(6)
  })

  test('gauges are set, and moved by a sign', async () => {
    const { send, flushed } = open()
    send('g:10|g')
    send('g:+3|g')
    send('g:-20|g')
    send('h:-5|g')
    expect(await flushed()).toEqual(['g -7', 'h -5'])
  })

  test('a gauge with a time is stored at it, whatever its sign', async () => {
    const { send, clock, metrics } = open()
    const sec = Math.floor(clock.nowMs() / 1000) - 100
    send(`g:-5|g|T${sec}`)
    await clock.advance(10_000)
    expect(metrics.rows[0]).toBe(`g -5 @${sec * 1000}`)
  })

  test('timers, histograms and distributions are one type, sampled by weight', async () => {
    const { send, clock, metrics } = open()
    send('took:10|ms|@0.1\ntook:20:30|h\ntook:40|d')
    await clock.advance(10_000)
    expect(metrics.histograms.at(-1)?.histogram).toMatchObject({ schema: 7, count: 13, sum: 190 })
    expect(metrics.metadata).toEqual([{ name: 'took', type: 'histogram', unit: 'milliseconds', help: '' }])
  })

  test('sets count members, colons and all', async () => {
    const { send, flushed, metrics } = open()
    send('users:1|s\nusers:2|s\nusers:1|s\nusers:a:b|s')
    expect(await flushed()).toEqual(['users 3'])
    expect([metrics.members, metrics.received]).toEqual([3, 4])
  })

  test('events are counted by kind, service checks are gauges', async () => {
    const { send, flushed } = open()
    send('_e{5,4}:title|text|t:error|p:low|s:cron|#env:prod\n_e{2,1}:ü|x\n_sc|Redis up|2|h:web-1|#env:prod|m:it | broke')
    expect(await flushed()).toEqual([
      'statsd_events{alert_type="error",env="prod",priority="low",source="cron"} 1',
      'statsd_events{alert_type="info",priority="normal"} 1',
      'statsd_service_check{check="Redis up",env="prod",host="web-1"} 2',
    ])
  })
})

test.each([
  ['page.views:1|c', 'page_views 1'],
  ['a b/c..d:1|c', 'a_b_c_d 1'],
  ['1st:1|c', '_1st 1'],
  ['温度:1|c', '温度 1'],
  ['x:1|c|#Env:prod,canary,host.name:a', 'x{Env="prod",canary="true",host_name="a"} 1'],
  ['x:1|c|#a:b:c,,:e,f:', 'x{a="b:c"} 1'],
  ['x:1|c|#role:web,role:api,role:web', 'x{role="api,web"} 1'],
  ['x:1|c|#__name__:y', 'x{key_name_="y"} 1'],
  ['x:1|c|#a:b|c:ci-0123', 'x{a="b",container_id="0123"} 1'],
  ['x;a=b;c=d:1|c', 'x{a="b",c="d"} 1'],
  ['x,a=b,c=d:1|c|#e:f', 'x{a="b",c="d",e="f"} 1'],
])('names and tags: %s', async (line, wanted) => {
  const { send, flushed } = open()
  send(line)
  expect(await flushed()).toEqual([wanted])
})

describe('refused', () => {
  test.each([
    ['hits:1|c|@0', 'sample_rate_invalid'],
    ['hits:1|c|@1.5', 'sample_rate_invalid'],
    ['hits:1|c|@x', 'sample_rate_invalid'],
    ['hits:1|c|@1e-300', 'value_not_finite'],
    ['hits:-1|c', 'counter_negative'],
    ['hits:1e999|c', 'value_not_finite'],
    ['hits:nan|c', 'value_not_finite'],
    ['hits:inf|g', 'value_not_finite'],
    ['hits:x|c', 'value_malformed'],
    ['hits:1|z', 'type_unknown'],
    ['hits', 'malformed'],
    [':1|c', 'metric_name_missing'],
    ['hits:|c', 'value_missing'],
    ['..:1|g|T1', 'timestamp_out_of_range'],
    ['hits:1|g|Tx', 'timestamp_out_of_range'],
    ['_e{99,1}:x|y', 'event_malformed'],
    ['_sc|x|9', 'service_check_malformed'],
    [`${'n'.repeat(2000)}:1|c`, 'metric_name_too_long'],
    [`x:1|c|#a:${'v'.repeat(5000)}`, 'label_value_too_long'],
    [`x:1|c|#${Array.from({ length: 200 }, (_, i) => `t${i}:x`).join()}`, 'too_many_labels'],
  ])('%s', async (line, reason) => {
    const { send, metrics, clock, shown } = open()
    send(line)
    await clock.advance(10_000)
    expect([metrics.refused, metrics.received]).toEqual([{ [reason]: 1 }, 1])
    expect(shown[0]).toMatch(new RegExp(`^${reason} \\| .{5,}`, 's'))
    expect(metrics.rows).toEqual([])
  })

  test('invalid UTF-8', async () => {
    const { send, metrics, clock } = open()
    send(Buffer.from([0xff, 0xfe, 0x3a, 0x31, 0x7c, 0x63]))
    send(Buffer.concat([Buffer.from('a:1|c|#b:'), Buffer.from([0xc3])]))
    await clock.advance(10_000)
    expect(metrics.refused).toEqual({ invalid_utf8: 2 })
  })

  test('a metric that changes its type; the other lines of the datagram are taken', async () => {
    const { send, metrics, flushed, shown } = open()
    send('hits:1|c\nhits:2|g\nhits:3|c')
    expect(await flushed()).toEqual(['hits 4'])
    expect(metrics.refused).toEqual({ type_changed: 1 })
    expect(shown).toEqual(['type_changed | hits is a counter, and came as a gauge'])
  })

  test('a line is taken whole or not at all, and makes no series when it is not', async () => {
    const { send, metrics, flushed, aggregates } = open()
    send('hits:1:2:x:3|c')
    expect(aggregates.size).toBe(0)
    send('hits:4|c\nhits:1:-2|c')
    expect(await flushed()).toEqual(['hits 4'])
    expect([metrics.received, metrics.refused]).toEqual([3, { value_malformed: 1, counter_negative: 1 }])
  })

  test("is counted for the project of the line's key", async () => {
    const { send, metrics, clock, state } = open()
    send('hits:x|c|#bellwether_key:good', '192.0.2.1')
    send('hits:x|c|#bellwether_key:bad', '192.0.2.1')
    await clock.advance(10_000)
    expect([metrics.refused, state.unowned]).toEqual([{ value_malformed: 1 }, 1])
  })

  const key = '0123456789abcdef0123456789abcdef'

  test.each([
    `h:1|x|#bellwether_key:${key}`,
    `h:|c|#a:b,bellwether_key:${key}`,
    `:1|c|#bellwether_key:${key}`,
    `h|c|#bellwether_key:${key}`,
    `h;bellwether_key=${key}:x|c`,
    `h,bellwether_key=${key},a=b:1|x`,
    `_sc|a|9|#bellwether_key:${key}`,
    `_e{9,9}:x|y|#bellwether_key:${key},a:b`,
    `h:1|c|T1|#bellwether_key:${key}`,
    `h\xff:1|c|#bellwether_key:${key}`,
    `_sc|\xff|1|#bellwether_key:${key}`,
  ])('a broken line is told to the project of its key, which nobody is shown: %s', async (line) => {
    const { send, shown, state, keys, metrics, clock } = open()
    send(Buffer.from(line, 'latin1'))
    expect([shown, state.unowned]).toEqual([[], 1])
    keys.set(key, theirs)
    send(Buffer.from(line, 'latin1'))
    await clock.advance(10_000)
    expect([state.unowned, shown.length, Object.values(metrics.refused)]).toEqual([1, 1, [1]])
    expect(shown[0]).not.toContain('0123')
  })

  test("a broken line with a key where no key stands is nobody's", () => {
    const { send, shown, state } = open()
    for (const line of [`bellwether_key:${key}`, `h|bellwether_key:${key}`, `h:1|x|# bellwether_key: ${key}`]) send(line)
    expect([shown, state.unowned]).toEqual([[], 3])
  })

  test('keys are left out of every example', () => {
    const { send, shown, keys } = open()
    keys.set(key, own)
    send(`h:x|c|#bellwether_key:${key}`)
    send(`bellwether_key;bellwether_key=${key}:x|c`)
    send(`${'h'.repeat(30)}:x|c|#bellwether_key:${key}`)
    expect(shown).toHaveLength(3)
    expect(shown.join()).not.toContain('0123')
  })

  test('only some a second are put into words', () => {
    const { send, shown } = open()
    for (let i = 0; i < 100; i++) send('bad')
    expect(shown).toHaveLength(5)
  })
})

describe('many tags', () => {
  const values = (count: number) => Array.from({ length: count }, (_, i) => `a:${i}`).join()

  test('a tag has as many values as a series has labels', async () => {
    const { send, flushed } = open()
    send(`x:1|c|#${values(128)}`)
    expect(await flushed()).toEqual([
      `x{a="${Array.from({ length: 128 }, (_, i) => String(i))
        .sort()
        .join()}"} 1`,
    ])
  })

  test.each([
    `x:1|c|#${values(129)}`,
    `x:1|c|#${values(10_000)}`,
    `x${',a=b'.repeat(129)}:1|c`,
    `x${',a=b'.repeat(65)}:1|c|#${values(64)}`,
    `_sc|x|1|#${values(100)}|#${values(100)}`,
    `_e{1,1}:x|y|#${values(200)}`,
  ])('more are refused', async (line) => {
    const { send, metrics, clock, shown } = open()
    send(line)
    await clock.advance(10_000)
    expect(metrics.refused).toEqual({ too_many_labels: 1 })
    expect(shown[0]).toContain('has more than 128 tags')
  })

  test('of too many tags only the key is looked at, wherever it is', async () => {
    const { send, metrics, state, clock } = open()
    send(`x:1|c|#${values(9_000)},bellwether_key:good`, '192.0.2.1')
    send(`x:1|c|#${values(9_000)},bellwether_key:bad`)
    await clock.advance(10_000)
    expect([metrics.refused, state.unowned]).toEqual([{ too_many_labels: 1 }, 1])
  })

  test('of the tags of a hostile datagram no more are made than a series may have', () => {
    const limits = { labelsPerSeriesMax: 128 }
    const tags = new TagLabels(limits)
    tags.addList(values(20_000))
    expect([tags.isTooMany, tags.pairs()]).toEqual([true, []])
  })
})

describe('whose', () => {
  test('lines without a key belong to the project of this machine, or to nobody', async () => {
    const { send, flushed, state, metrics } = open()
    send('hits:1|c')
    send('hits:1|c\nbad', '192.0.2.1')
    expect(await flushed()).toEqual(['hits 1'])
    expect([state.unowned, metrics.received]).toEqual([2, 1])
  })

  test('a key among the tags decides, and is no label; a revoked one ends within a second', async () => {
    const { send, state, clock, metrics, keys, aggregates } = open()
    const line = 'hits:1|c|#bellwether_key:good,a:b'
    send(line, '192.0.2.1')
    send(line)
    send('hits:1|c|#bellwether_key:bad')
    expect(state.unowned).toBe(1)
    await clock.advance(10_000)
    expect(metrics.take().at(-1)).toMatch(/^hits\{a="b"\} 2 /)
    aggregates.of(theirs).refuse('x', 1)
    keys.clear()
    await clock.advance(1_500)
    send(line)
    expect(state.unowned).toBe(2)
  })

  test('what was taken is told', () => {
    const { send, projects, state } = open()
    send('hits:1:2|c\nusers:x|s\nbad')
    projects.tell()
    projects.tell()
    expect(state.points).toBe(3)
  })
})

test('a series whose aggregate has expired is found again', async () => {
  const { send, flushed, clock, metrics } = open()
  send('hits:5|c\nusers:x|s')
  await clock.advance(400_000)
  metrics.take()
  send('hits:1|c\nusers:x|s')
  expect(await flushed()).toEqual(['hits 1', 'users 1'])
})

test('windows line ends and empty lines are passed over', async () => {
  const { send, flushed, metrics } = open()
  send('\n\r\nhits:1|c\r\n\nhits:1|c\n')
  expect(await flushed()).toEqual(['hits 2'])
  expect(metrics.received).toBe(2)
})

test('hostile datagrams: whatever comes, nothing is thrown, every line is counted, and the next is taken', async () => {
  const piece = fc.constantFrom(
    ':',
    '|',
    '@',
    '#',
    'c',
    'ms',
    's',
    '1',
    '-',
    '+',
    '1e999',
    'nan',
    'a.b',
    '_e{',
    '_sc|',
    '}',
    'T',
    ',',
    '\n',
    '\xff',
    '\0',
    'T9e99',
  )
  const mutated = fc.array(piece, { maxLength: 30 }).map((parts) => Buffer.from(parts.join(''), 'latin1'))
  const datagram = fc.oneof(fc.uint8Array({ maxLength: 200 }), mutated)
  await fc.assert(
    fc.asyncProperty(fc.array(datagram, { maxLength: 10 }), async (datagrams) => {
      const { send, metrics, clock } = open()
      let lines = 0
      for (const bytes of datagrams) {
        lines += Buffer.from(bytes)
          .toString('latin1')
          .split('\n')
          .filter((line) => line !== '' && line !== '\r').length
        send(bytes)
      }
      send('z_last:1|c')
      await clock.advance(10_000)
      expect(metrics.rows.some((row) => row.startsWith('z_last 1 '))).toBe(true)
      expect(metrics.received).toBeGreaterThanOrEqual(lines + 1)
    }),
    { numRuns: 200 },
  )
})
