import { describe, expect, test } from 'vitest'
import { derivedMetricOf } from './derived-metrics.ts'
import { parseMri, type MriType } from './mri.ts'
import {
  derivedOperations,
  emptyValueOf,
  isShare,
  isUnitless,
  OperationsConfiguration,
  operations,
  plainOperations,
  type Operation,
} from './operations.ts'
import { wellKnownMetrics } from './public-names.ts'
import { useCaseIds, type UseCaseId } from './use-case.ts'

const standard = new OperationsConfiguration()
const subject = (type: MriType, useCase: UseCaseId) => ({ type, useCase, name: 'x' })

describe('what may be asked', () => {
  const rows: [MriType, UseCaseId, string][] = [
    ['c', 'custom', 'count sum rate failure_count failure_rate http_error_count http_error_rate'],
    ['c', 'system', 'count sum rate'],
    ['c', 'sessions', 'count sum rate all healthy errored crashed abnormal crash_rate crash_free_rate'],
    ['d', 'system', 'count sum avg min max p50 p75 p90 p95 p99 rate histogram'],
    [
      'd',
      'transactions',
      'count sum avg min max p50 p75 p90 p95 p99 rate histogram failure_count failure_rate http_error_count http_error_rate apdex',
    ],
    ['g', 'custom', 'count sum avg min max last'],
    ['g', 'sessions', ''],
    ['s', 'custom', 'count_unique'],
    ['s', 'transactions', 'count_unique miserable_user user_misery'],
    [
      's',
      'sessions',
      'count_unique all_user healthy_user errored_user crashed_user abnormal_user crash_user_rate crash_free_user_rate anr_rate',
    ],
    ['e', 'sessions', ''],
  ]
  test.each(rows)('%s in %s: %s', (type, useCase, want) => {
    expect(standard.allowedFor(subject(type, useCase)).join(' ')).toBe(want)
  })

  test('every operation is for something, and what is allowed passes the check', () => {
    const seen = new Set<Operation>()
    for (const type of ['c', 'd', 'g', 's'] as const) {
      for (const useCase of useCaseIds) {
        for (const operation of standard.allowedFor(subject(type, useCase))) {
          expect(standard.check(operation, subject(type, useCase))).toBe(operation)
          seen.add(operation)
        }
      }
    }
    expect([...seen].sort()).toEqual([...operations].sort())
  })

  const wrong: [string, MriType, UseCaseId, string][] = [
    ['p95', 'c', 'custom', 'count, sum, rate'],
    ['p95', 'g', 'custom', 'count, sum, avg, min, max, last'],
    ['sum', 's', 'custom', 'count_unique'],
    ['apdex', 'd', 'sessions', 'count, sum, avg'],
    ['crash_free_rate', 'c', 'custom', 'count, sum, rate'],
    ['nonsense', 'd', 'custom', 'count, sum, avg'],
    ['last', 'g', 'sessions', 'no operations'],
  ]
  test.each(wrong)('%s of %s in %s is a 400 that says what is right', (operation, type, useCase, right) => {
    expect(() => standard.check(operation, { type, useCase, name: 'orders' })).toThrow(
      expect.objectContaining({
        code: 'naming.operation_not_allowed',
        httpStatus: 400,
        publicText: expect.stringMatching(new RegExp(`'${operation}'.*orders.*${right}`)),
      }),
    )
  })

  test('hidden operations are nobody’s; a summary has no quantiles', () => {
    const without = new OperationsConfiguration({ hidden: ['p50', 'p75', 'p90', 'p95', 'p99', 'last'] })
    expect(without.allowedFor(subject('d', 'system'))).toEqual(['count', 'sum', 'avg', 'min', 'max', 'rate', 'histogram'])
    expect(without.allowedFor(subject('g', 'system'))).not.toContain('last')
    expect(() => without.check('p95', subject('d', 'custom'))).toThrow(expect.objectContaining({ code: 'naming.operation_not_allowed' }))
    expect(standard.allowedFor({ ...subject('d', 'system'), hasNoBuckets: true })).toEqual(['count', 'sum', 'avg', 'rate'])
  })

  test('rules of one’s own take the place of ours', () => {
    const mine = new OperationsConfiguration({ rules: [{ types: ['g'], useCases: ['sessions'], operations: ['last'] }] })
    expect(mine.allowedFor(subject('g', 'sessions'))).toEqual(['last'])
    expect(mine.allowedFor(subject('c', 'custom'))).toEqual([])
  })
})

describe('what the values are', () => {
  test.each<[Operation, 0 | null]>([
    ['count', 0],
    ['sum', 0],
    ['count_unique', 0],
    ['rate', 0],
    ['crashed', 0],
    ['healthy_user', 0],
    ['avg', null],
    ['min', null],
    ['max', null],
    ['last', null],
    ['p99', null],
    ['histogram', null],
    ['failure_rate', null],
    ['crash_free_rate', null],
    ['apdex', null],
    ['user_misery', null],
  ])('%s of an empty bucket is %s', (operation, want) => expect(emptyValueOf(operation)).toBe(want))

  test('shares and counts have no unit; the rest has the metric’s', () => {
    expect(operations.filter(isShare)).toEqual([
      'failure_rate',
      'http_error_rate',
      'apdex',
      'user_misery',
      'crash_rate',
      'crash_free_rate',
      'crash_user_rate',
      'crash_free_user_rate',
      'anr_rate',
    ])
    expect(plainOperations.filter(isUnitless)).toEqual(['count', 'count_unique'])
    expect(derivedOperations.every(isUnitless)).toBe(true)
  })
})

test('every derived metric of the table is evaluated by an operation that its base has', () => {
  const derived = wellKnownMetrics.map(([, text]) => parseMri(text)).filter((mri) => mri.type === 'e')
  expect(derived).toHaveLength(23)
  for (const mri of derived) {
    const found = derivedMetricOf(mri)
    expect(found, mri.name).not.toBeNull()
    if (found === null) continue
    expect(standard.check(found.operation, { type: found.base.type, useCase: found.base.namespace, name: mri.name })).toBe(found.operation)
  }
  expect(derivedMetricOf({ namespace: 'custom', name: 'apdex' })).toBeNull()
})
