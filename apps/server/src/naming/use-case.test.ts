import { describe, expect, test } from 'vitest'
import {
  isUseCaseId,
  parseUseCaseId,
  useCaseIdByKey,
  useCaseIds,
  useCaseKeyById,
  useCaseKeyOf,
  type UseCaseId,
  type UseCaseKey,
} from './use-case.ts'

describe('use cases', () => {
  const rows: [UseCaseId, UseCaseKey][] = [
    ['sessions', 'release-health'],
    ['transactions', 'performance'],
    ['spans', 'performance'],
    ['custom', 'performance'],
    ['profiles', 'performance'],
    ['escalating_issues', 'performance'],
    ['metric_stats', 'performance'],
    ['system', 'performance'],
  ]
  test.each(rows)('%s is processed as %s', (id, key) => {
    expect([useCaseKeyOf(id), useCaseKeyById[id], parseUseCaseId(id), isUseCaseId(id)]).toEqual([key, key, id, true])
  })

  test('every one is in the table, and every key stands for one of its own', () => {
    expect(rows.map(([id]) => id).sort()).toEqual([...useCaseIds].sort())
    for (const key of ['release-health', 'performance'] as const) expect(useCaseKeyOf(useCaseIdByKey[key])).toBe(key)
  })

  test.each(['', 'Sessions', 'shop', 'sessions '])('%j is none, and the error says which there are', (text) => {
    expect(isUseCaseId(text)).toBe(false)
    expect(() => parseUseCaseId(text)).toThrow(
      expect.objectContaining({ code: 'naming.unknown_use_case', httpStatus: 400, hint: expect.stringContaining('transactions') }),
    )
  })
})
