/** What helps with a search never makes it fail: an engine that fails, one that does not answer, and a caller that goes away. */
import { expect, test } from 'vitest'
import { systemClock } from '../../kernel/clock.ts'
import { AppError } from '../../kernel/errors.ts'
import { createScope } from '../../kernel/scope.ts'
import { searchFields } from '../../search/testing/search-cases.ts'
import { SearchHelp, type SearchHelpDeps } from './search-help.ts'

const gone = new AppError({ code: 'engine.unavailable', kind: 'unavailable', publicText: 'The database is away.' })
const never = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new AppError({ code: 'engine.canceled', kind: 'canceled', publicText: 'Canceled.' })))
  })

/** Of rows whose names are read as said, beside an engine that does not answer; each look at the clock finds it `stepMs` later. */
function helpWith(attributes: (signal: AbortSignal) => Promise<never>, stepMs: number): SearchHelp {
  let clockMs = 0
  const clock = { nowMs: () => systemClock.nowMs(), monotonicMs: () => (clockMs += stepMs) }
  const rows = {
    table: 'logs',
    fields: () => ({ fields: [], freeText: [], attributes: 'attributes', resources: null }),
    rowsOf: () => '1',
    values: (_: unknown, signal: AbortSignal) => ({ values: () => never(signal), attributes: () => attributes(signal) }),
    comparedColumns: [],
  }
  const engine = {
    async *queryNative({ signal }: { signal: AbortSignal }) {
      yield await never(signal)
    },
  } as unknown as SearchHelpDeps['engine']
  return new SearchHelp({ engine, rows: { logs: rows, spans: rows }, clock })
}

const scope = createScope(1, [1])
const asked = { signal: 'logs', query: 'a or customer:1', isNothing: true, fromMs: 1, toMs: 2 } as const
const operator = '"or" is looked for as a word; conditions are joined by OR, in capitals.'

test.each([
  ['fails', () => Promise.reject(gone)],
  ['does not answer', never],
])('where the engine %s, a search that found nothing has no hints of names, and no error', async (_, attributes) => {
  expect(await helpWith(attributes, 990).hints(scope, asked, new AbortController().signal)).toEqual([operator])
})

test('who goes away ends the hints', async () => {
  const caller = new AbortController()
  const hints = helpWith(never, 0).hints(scope, asked, caller.signal)
  caller.abort()
  await expect(hints).rejects.toThrow('engine.canceled')
})

test('who asks to have a search checked hears that the engine is away, and nothing of names where it is slow', async () => {
  const { signal } = new AbortController()
  const check = { signal: 'logs', text: 'customer:1', hasNames: true, fromMs: 1, toMs: 2 } as const
  await expect(helpWith(() => Promise.reject(gone), 0).check(scope, check, signal)).rejects.toThrow('engine.unavailable')
  expect(await helpWith(never, 3990).check(scope, check, signal)).toMatchObject({ problem: null, unknown: [] })
})

test('a search that found nothing hears of a service whose name is written in another case', async () => {
  const rows = {
    table: 'logs',
    fields: () => searchFields(true),
    rowsOf: () => '1',
    values: () => ({ values: () => Promise.resolve([{ value: 'java', count: 7 }]), attributes: () => Promise.resolve([]) }),
    comparedColumns: [],
  }
  const engine = {} as SearchHelpDeps['engine']
  const help = new SearchHelp({ engine, rows: { logs: rows, spans: rows }, clock: systemClock })
  const hints = (query: string, isNothing = true) => help.hints(scope, { ...asked, query, isNothing }, new AbortController().signal)
  expect(await hints('service:Java')).toEqual(['No row of the range has service:Java. Did you mean service:java?'])
  expect(await hints('service:Java', false)).toEqual([])
  expect(await hints('service:java')).toEqual([])
})
