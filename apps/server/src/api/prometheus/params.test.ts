import { describe, expect, test } from 'vitest'
import { processorMs } from '../../kernel/testing/processor-time.ts'
import { parseDuration, parseTime, PromParams, unescapeLabelName } from './params.ts'

describe('times', () => {
  test.each([
    ['0', 0],
    ['1700000000.1235', 1_700_000_000_124],
    ['1.7e9', 1_700_000_000_000],
    ['-5', -5000],
    ['2026-11-21T09:00:00Z', Date.UTC(2026, 10, 21, 9)],
    ['2026-11-21T10:00:00.250+01:00', Date.UTC(2026, 10, 21, 9, 0, 0, 250)],
    ['', null],
    ['now', null],
    ['NaN', null],
    ['Inf', null],
    ['0x10', null],
    ['1e300', null],
    ['2026-11-21', null],
    ['2026-13-41T09:00:00Z', null],
  ])('%j is %s ms', (text, timeMs) => {
    expect(parseTime(text)).toBe(timeMs)
  })
})

describe('durations', () => {
  test.each([
    ['15', 15_000],
    ['0.5', 500],
    ['1m', 60_000],
    ['1h30m', 5_400_000],
    ['1d', 86_400_000],
    ['250ms', 250],
    ['', null],
    ['1m1h', null],
    ['5 m', null],
    ['1e300', null],
    ['m', null],
  ])('%j is %s ms', (text, durationMs) => {
    expect(parseDuration(text)).toBe(durationMs)
  })
})

describe('escaped label names', () => {
  test.each([
    ['job', 'job'],
    ['U__http_2e_method', 'http.method'],
    ['U__a__b', 'a_b'],
    ['U___1F600_', '😀'],
    ['U__bad_zz_', 'U__bad_zz_'],
    ['U__open_2e', 'U__open_2e'],
    ['U__sur_d800_', 'U__sur_d800_'],
  ])('%s is %s', (escaped, name) => {
    expect(unescapeLabelName(escaped)).toBe(name)
  })
})

describe('form and address', () => {
  test("a form's value comes first, lists are joined", () => {
    const params = PromParams.of({ query: 'address', 'match[]': ['a', 'b'] }, new URLSearchParams('query=form&match%5B%5D=c'))
    expect([params.text('query'), params.all('match[]'), params.text('none')]).toEqual(['form', ['c', 'a', 'b'], ''])
  })

  test('limits', () => {
    expect(PromParams.of({ limit: '7' }, null).limit()).toBe(7)
    expect(PromParams.of({}, null).limit()).toBe(0)
    for (const limit of ['-1', 'x', '1.5', '99999999999']) expect(() => PromParams.of({ limit }, null).limit()).toThrow(/limit/)
  })
})

describe('values as long as a body', () => {
  const long = 1_000_000

  test.each(['1', ' ', '1.', '1e', '+1', '1h', 'T'])('%j repeated is refused in one pass', (part) => {
    const text = `${part.repeat(long / part.length)}x`
    const startedMs = processorMs()
    expect([parseTime(text), parseDuration(text)]).toEqual([null, null])
    expect(processorMs() - startedMs).toBeLessThan(500)
  })

  test('are not repeated whole in the error', () => {
    const params = PromParams.of({}, new URLSearchParams({ time: 'x'.repeat(long) }))
    expect(() => params.time('time', 0)).toThrow(expect.objectContaining({ publicText: expect.stringMatching(/^.{100,400}$/) }))
  })

  test('one name very often', () => {
    const startedMs = processorMs()
    const params = PromParams.of({}, new URLSearchParams('match%5B%5D=a&'.repeat(long / 10)))
    expect(() => params.all('match[]')).toThrow(expect.objectContaining({ code: 'prometheus.bad_parameter' }))
    expect(params.text('match[]')).toBe('a')
    expect(processorMs() - startedMs).toBeLessThan(1000)
  })
})
