/** Patterns, differences, metrics from logs and saved views over the real engines. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { live, nowMs, openAnalysisStack, type AnalysisStack, type TestLog } from './analysis-stack.ts'

let stack: AnalysisStack

beforeAll(async () => {
  stack = await openAnalysisStack()
})
afterAll(async () => {
  await stack[Symbol.asyncDispose]()
})

const minute = 60_000
const lastHour = { fromMs: nowMs - 60 * minute, toMs: nowMs + minute, query: '' }

function many(count: number, log: (i: number) => TestLog): TestLog[] {
  return Array.from({ length: count }, (_, i) => log(i))
}

const names = ['alice', 'bob', 'carol', 'dave', 'erin']

describe('patterns', () => {
  test('have their counts over time, and those that began in the range are new', async () => {
    const logins =
      (age: number) =>
      (i: number): TestLog => ({ body: `user ${names[i % 5] ?? ''} logged in from 10.0.${i}.1`, age })
    await stack.put(many(40, logins(180)))
    // What was learned is written when it ends.
    await stack.reopen()
    await stack.put([
      ...many(60, logins(30)),
      ...many(20, (i) => ({ body: `payment ${i} failed: timeout after ${i * 3}ms`, age: 10, severity: 17, service: 'billing' })),
      { body: 'worker started', age: 5, weight: 4 },
    ])
    const { desk } = stack.analysis
    const answer = await desk.patterns(stack.access.scope, { ...lastHour, limit: 10 }, live)
    expect(
      answer.items.map(({ template, count, isNew, severityMax, services }) => [template, count, isNew, severityMax, services]),
    ).toEqual([
      ['user <*> logged in from <ip>', 60, false, 9, ['api']],
      ['payment <num> failed: timeout after <duration>', 20, true, 17, ['billing']],
      ['worker started', 4, true, 9, ['api']],
    ])
    expect([answer.rows, answer.patterns, answer.rowsWithout]).toEqual([84, 3, 0])
    const [login] = answer.items
    expect(login?.share).toBeCloseTo(60 / 84, 6)
    expect(login?.counts).toHaveLength(answer.intervals.length)
    const at = answer.intervals.findLastIndex((start) => Date.parse(start) <= nowMs - 30 * minute)
    expect(login?.counts.map((count, i) => (i === at ? count - 60 : count))).toEqual(answer.intervals.map(() => 0))
    expect(login?.firstSeen).toBe(new Date(nowMs - 180 * minute).toISOString())
    expect(login?.example).toMatch(/^user \w+ logged in from 10\.0\./)
  })

  test('are found by their id, and none by a stranger', async () => {
    const { desk } = stack.analysis
    const { items } = await desk.patterns(stack.access.scope, { ...lastHour, query: 'severity:error', limit: 10 }, live)
    const query = `pattern:${items[0]?.id ?? ''}`
    expect((await desk.patterns(stack.access.scope, { ...lastHour, query, limit: 10 }, live)).rows).toBe(20)
    expect((await desk.patterns(stack.stranger.scope, { ...lastHour, limit: 10 }, live)).items).toEqual([])
  })

  test('keep id, template and first time over a restart', async () => {
    const before = await stack.analysis.desk.patterns(stack.access.scope, { ...lastHour, limit: 10 }, live)
    await stack.reopen()
    await stack.put([{ body: 'user zoe logged in from 10.9.9.9', age: 1 }])
    const after = await stack.analysis.desk.patterns(stack.access.scope, { ...lastHour, limit: 10 }, live)
    expect(after.items.map(({ id, template, firstSeen }) => [id, template, firstSeen])).toEqual(
      before.items.map(({ id, template, firstSeen }) => [id, template, firstSeen]),
    )
    expect(after.items[0]?.count).toBe(61)
  })

  test('a pattern that nobody remembers shows one of its rows', async () => {
    const scope = stack.access.scope
    await stack.engine.command('TRUNCATE TABLE log_patterns')
    await stack.reopen()
    await stack.engine.command('TRUNCATE TABLE log_patterns')
    const { items } = await stack.analysis.desk.patterns(scope, { ...lastHour, query: 'service:billing', limit: 10 }, live)
    expect(items.map(({ template }) => template)).toEqual(['payment <num> failed: timeout after <duration>'])
  })
})

describe('what is different', () => {
  const day = { fromMs: nowMs - 300 * minute, toMs: nowMs + minute }
  beforeAll(async () => {
    const row =
      (isBad: boolean) =>
      (i: number): TestLog => ({
        body: `call ${i}`,
        age: 200,
        service: 'shop',
        severity: isBad ? 17 : 9,
        pod: isBad && i % 10 !== 0 ? 'pod-sick' : `pod-${i % 3}`,
        attributes: {
          region: isBad && i % 5 !== 0 ? 'eu-7' : `us-${i % 4}`,
          user: `u${i}`,
          tier: i % 2 === 0 ? 'free' : 'paid',
          took_ms: String((isBad ? 900 : 100) + i * 0.5),
        },
      })
    await stack.put([...many(200, row(false)), ...many(100, row(true))])
  })

  test('is named with its shares and its certainty, and chance is not', async () => {
    const request = {
      signal: 'logs' as const,
      selected: { ...day, query: 'service:shop severity:error' },
      baseline: { ...day, query: 'service:shop severity:info' },
      limit: 10,
    }
    const answer = await stack.analysis.desk.difference(stack.access.scope, request, live)
    expect(answer.items.map(({ field }) => field)).toEqual(['@took_ms', 'host', '@region'])
    const [took, pod, region] = answer.items
    // As a range of the search language.
    expect(took?.values[0]).toMatchObject({ value: '512..1024', selected: 100, baseline: 0 })
    expect(pod?.values[0]).toMatchObject({ value: 'pod-sick', selected: 90, baseline: 0, selectedShare: 0.9, baselineShare: 0 })
    expect(region?.values[0]).toMatchObject({ value: 'eu-7', selected: 80, baseline: 0 })
    expect(region?.values[0]?.chance).toBeLessThan(1e-10)
    expect([answer.selectedRows, answer.baselineRows, answer.note]).toEqual([100, 200, null])
  })

  test('of like sets is nothing, of an empty one a note', async () => {
    const find = (selected: string, baseline: string) =>
      stack.analysis.desk.difference(
        stack.access.scope,
        { signal: 'logs', selected: { ...day, query: selected }, baseline: { ...day, query: baseline }, limit: 10 },
        live,
      )
    const like = await find('service:shop severity:info tier:free', 'service:shop severity:info tier:paid')
    expect(like.items.map(({ field }) => field)).not.toContain('@user')
    expect((await find('service:nowhere', 'service:shop')).note).toMatch(/selected set has no rows/)
    expect((await find('service:shop @user:u7', 'service:shop')).note).toMatch(/only 2 rows/)
  })
})

describe('metrics from logs', () => {
  const rule = {
    name: 'checkout.failures',
    query: 'severity:>=error',
    kind: 'counter',
    field: null,
    tags: ['service', '@http.route'],
    unit: 'none',
    isEnabled: true,
  } as const

  test('count rows as they come in, by tags and weights, and say what they saw', async () => {
    const { metrics } = stack.analysis.desk
    const made = await metrics.create(stack.access, { ...rule, tags: [...rule.tags] })
    await metrics.create(stack.access, {
      ...rule,
      name: 'took',
      kind: 'distribution',
      field: 'took_ms',
      query: 'checkout',
      tags: [],
      unit: 'millisecond',
    })
    await stack.put([
      { body: 'checkout broke', age: 1, severity: 17, attributes: { 'http.route': '/pay', took_ms: '12.5' }, weight: 2 },
      { body: 'checkout broke', age: 1, severity: 21, service: 'web', attributes: { took_ms: 'long' } },
      { body: 'checkout fine', age: 1 },
    ])
    expect(Object.fromEntries(stack.recorded)).toEqual({
      'counter __name__=checkout.failures service=api http_route=/pay': [2],
      'counter __name__=checkout.failures service=web': [1],
      'distribution __name__=took': [12.5, -2],
    })
    const listed = await metrics.list(stack.access)
    expect(listed.map(({ name, matched, skipped }) => [name, matched, skipped])).toEqual([
      ['checkout.failures', 2, 0],
      ['took', 3, 2],
    ])
    stack.recorded.clear()
    await metrics.replace(stack.access, made.id, { ...rule, tags: [], isEnabled: false })
    await stack.put([{ body: 'x', age: 1, severity: 17 }])
    expect([...stack.recorded]).toEqual([])
  })

  test('are refused with a reason when they make no sense, and belong to their project', async () => {
    const { metrics } = stack.analysis.desk
    const make = (changes: object) => metrics.create(stack.access, { ...rule, tags: [], name: 'another', ...changes })
    await expect(make({ name: '1x' })).rejects.toMatchObject({ code: 'logs.bad_metric' })
    await expect(make({ kind: 'gauge' })).rejects.toMatchObject({ code: 'logs.bad_metric' })
    await expect(make({ tags: ['a.b', 'a_b'] })).rejects.toMatchObject({ code: 'logs.bad_metric' })
    await expect(make({ query: '(' })).rejects.toMatchObject({ code: 'search.invalid' })
    await expect(make({ query: '/(/' })).rejects.toMatchObject({ code: 'search.pattern' })
    await expect(make({ name: 'took' })).rejects.toMatchObject({ code: 'logs.metric_exists' })
    expect(await metrics.list(stack.stranger)).toEqual([])
    const [first] = await metrics.list(stack.access)
    await expect(metrics.remove(stack.stranger, first?.id ?? '')).rejects.toMatchObject({ code: 'logs.metric_not_found' })
    await metrics.remove(stack.access, first?.id ?? '')
    await expect(metrics.remove(stack.access, first?.id ?? '')).rejects.toMatchObject({ code: 'logs.metric_not_found' })
  })
})

describe('saved views', () => {
  const view = {
    name: 'Broken payments',
    signal: 'logs',
    query: 'service:billing',
    from: 'now-1h',
    columns: ['service'],
    isShared: true,
  } as const

  test('are kept, shared or not, and changed by who may', async () => {
    const { views } = stack.analysis.desk
    const made = await views.create(stack.access, { ...view, columns: [...view.columns] })
    const own = await views.create(stack.access, { ...view, columns: [], name: 'a private one', isShared: false })
    const other = { ...stack.access, caller: { ...stack.access.caller, id: 'someone-else' } }
    expect((await views.list(stack.access, 'logs')).map(({ name, isMine }) => [name, isMine])).toEqual([
      ['a private one', true],
      ['Broken payments', true],
    ])
    expect((await views.list(other, null)).map(({ name, isMine }) => [name, isMine])).toEqual([['Broken payments', false]])
    expect(await views.list(stack.access, 'spans')).toEqual([])
    expect(await views.list(stack.stranger, null)).toEqual([])
    await expect(views.remove(stack.stranger, made.id)).rejects.toMatchObject({ code: 'logs.view_not_found' })
    await expect(views.replace(other, own.id, { ...view, columns: [] })).rejects.toMatchObject({ code: 'logs.view_not_found' })
    expect(await views.replace(other, made.id, { ...view, columns: ['host'], name: 'Renamed' })).toMatchObject({
      id: made.id,
      name: 'Renamed',
      columns: ['host'],
    })
    await views.remove(stack.access, made.id)
    await expect(views.remove(stack.access, 'x')).rejects.toMatchObject({ code: 'logs.view_not_found' })
  })
})

test('a search is checked and completed with what occurs', async () => {
  const { desk } = stack.analysis
  const wrong = await desk.check(stack.access.scope, { ...lastHour, signal: 'logs', text: 'level:eror', hasNames: true }, live)
  expect(wrong.problem?.message).toMatch(/no severity/)
  const { items } = await desk.complete(stack.access.scope, { signal: 'logs', text: 'sev', cursor: 3 }, live)
  expect(items[0]?.insert).toBe('severity:')
})

test('a name that no row has is told with what was meant, and the part of a search that finds nothing', async () => {
  await stack.put([
    { body: 'parcel sent', age: 1, service: 'post', attributes: { 'parcel.weight': '12', tier: 'free' } },
    { body: 'letter sent', age: 1, service: 'post', attributes: { tier: 'paid' } },
  ])
  const { desk } = stack.analysis
  const { scope } = stack.access
  const { organizationId, projectIds } = scope
  await stack.engine.command(
    `INSERT INTO log_facets (org, project, bucket, field, value, keep, weight)
      SELECT ${organizationId}, ${projectIds[0] ?? 0}, ${Math.floor(nowMs / 600_000)}, arrayJoin(['@parcel.weight', '@tier']), '', 30, 1`,
  )
  const text = 'sent -parcle.weight:1 parcel.weight:12 servcie:post'
  const { unknown } = await desk.check(scope, { ...lastHour, signal: 'logs', text, hasNames: true }, live)
  expect(unknown.map(({ from, to, meant }) => [text.slice(from, to), meant.map(({ insert }) => insert)])).toEqual([
    ['parcle.weight', ['parcel.weight']],
    ['servcie', ['service']],
  ])
  const theirs = { ...lastHour, signal: 'logs', text: 'parcle.weight:1', hasNames: true } as const
  expect((await desk.check(stack.stranger.scope, theirs, live)).unknown[0]?.meant).toEqual([])
  // Notes have not all names of rows: the rows are asked.
  await stack.put([{ body: 'parcel lost', age: 2, service: 'post', attributes: { 'parcel.weights': '12' } }])
  const unnoted = { ...theirs, text: 'parcel.weights:12 has:@parcel.weights' }
  expect((await desk.check(scope, unnoted, live)).unknown).toEqual([])
  expect((await desk.check(scope, { ...unnoted, toMs: nowMs - 10 * minute }, live)).unknown.map(({ name }) => name)).toEqual([
    'parcel.weights',
    '@parcel.weights',
  ])
  const parts = async (query: string): Promise<unknown> => {
    const { items } = await desk.parts(scope, { ...lastHour, signal: 'logs', query }, live)
    return items.map((part) => [part.text, part.found, part.restFound])
  }
  expect(await parts('service:post parcel tier:gold')).toEqual([
    ['service:post', true, null],
    ['parcel', true, null],
    ['tier:gold', false, null],
  ])
  expect(await parts('service:post parcel tier:paid')).toEqual([
    ['service:post', true, false],
    ['parcel', true, true],
    ['tier:paid', true, true],
  ])
  expect(await parts('service:post sent severity:error')).toEqual([
    ['service:post', true, false],
    ['sent', true, false],
    ['severity:error', true, true],
  ])
})
