import { describe, expect, test } from 'vitest'
import type { UseCaseId } from '../naming/index.ts'
import {
  KeyCollection,
  type OrganizationStrings,
  parseKey,
  parseUseCaseKey,
  UseCaseKeyBuilder,
  UseCaseKeyCollection,
} from './key-collection.ts'
import { FetchType, KeyResult, KeyResults, UseCaseKeyResult, UseCaseKeyResults } from './key-results.ts'

const strings = (...all: string[]): ReadonlySet<string> => new Set(all)

describe('collections', () => {
  const keys = new KeyCollection(
    new Map([
      [1, strings('a', 'b:c')],
      [2, strings('a')],
    ]),
  )

  test('size, tuples and texts', () => {
    expect(keys.size).toBe(3)
    expect(keys.asTuples()).toEqual([
      [1, 'a'],
      [1, 'b:c'],
      [2, 'a'],
    ])
    expect(keys.asStrings()).toEqual(['1:a', '1:b:c', '2:a'])
  })

  test('equal when they hold the same, in whatever order', () => {
    const same = new KeyCollection(
      new Map([
        [2, strings('a')],
        [1, strings('b:c', 'a')],
      ]),
    )
    expect(keys.equals(same)).toBe(true)
    expect(keys.equals(new KeyCollection(new Map([[1, strings('a', 'b:c', 'd')]])))).toBe(false)
    expect(new KeyCollection(new Map([[1, strings()]])).equals(new KeyCollection(new Map()))).toBe(true)
  })

  test('with use cases, of raw mappings or collections', () => {
    const both = new UseCaseKeyCollection(
      new Map<UseCaseId, OrganizationStrings | KeyCollection>([
        ['custom', keys],
        ['spans', new Map([[1, strings('x')]])],
      ]),
    )
    expect(both.size).toBe(4)
    expect(both.asStrings()).toEqual(['custom:1:a', 'custom:1:b:c', 'custom:2:a', 'spans:1:x'])
    const built = new UseCaseKeyBuilder()
    for (const tuple of both.asTuples()) built.add(...tuple)
    expect(built.build().equals(both)).toBe(true)
    expect(both.filter((useCase) => useCase === 'spans').equals(both)).toBe(false)
  })

  test.each([
    ['1:a', { organizationId: 1, string: 'a' }],
    ['1:a:b', { organizationId: 1, string: 'a:b' }],
    ['12:', { organizationId: 12, string: '' }],
  ])('%s is split at the first colon', (text, wanted) => expect(parseKey(text)).toEqual(wanted))

  test.each(['a', ':a', 'x:a', ''])('%j is no key', (text) => expect(() => parseKey(text)).toThrow('a key without an organization'))

  test('a key with its use case', () => {
    expect(parseUseCaseKey('spans:3:a:b')).toEqual({ useCaseId: 'spans', organizationId: 3, string: 'a:b' })
    expect(() => parseUseCaseKey('nothing:3:a')).toThrow(/naming.unknown_use_case/)
  })
})

describe('results', () => {
  function filled(): KeyResults {
    const results = new KeyResults()
    results.addKeyResults([new KeyResult(1, 'a', 10), KeyResult.fromString('1:b:c', null)], FetchType.dbRead)
    results.addKeyResult(new KeyResult(2, 'a', 0))
    return results
  }

  test('mapped views keep null ids; those for caches do not', () => {
    const results = filled()
    expect(results.getMappedResults()).toEqual(
      new Map([
        [
          1,
          new Map([
            ['a', 10],
            ['b:c', null],
          ]),
        ],
        [2, new Map([['a', 0]])],
      ]),
    )
    expect([...results.of(9)]).toEqual([])
    expect(results.getMappedKeyStringsToInts()).toEqual(
      new Map([
        ['1:a', 10],
        ['2:a', 0],
      ]),
    )
  })

  test('null, missing and 0 are unmapped alike', () => {
    const asked = new KeyCollection(
      new Map([
        [1, strings('a', 'b:c', 'd')],
        [2, strings('a')],
        [3, strings('e')],
      ]),
    )
    expect(filled().getUnmappedKeys(asked).asStrings()).toEqual(['1:b:c', '1:d', '2:a', '3:e'])
  })

  test('how an id was got is known only where it was said', () => {
    expect(filled().getFetchMetadata()).toEqual(
      new Map([
        [
          1,
          new Map([
            ['a', { id: 10, fetchType: 'd', fetchTypeExt: null }],
            ['b:c', { id: null, fetchType: 'd', fetchTypeExt: null }],
          ]),
        ],
      ]),
    )
  })

  test('on merging, mine wins for ids and theirs for how they were got', () => {
    const mine = new UseCaseKeyResults()
    const theirs = new UseCaseKeyResults()
    const result = (string: string, id: number | null): UseCaseKeyResult =>
      new UseCaseKeyResult('custom', { organizationId: 1, string, id })
    mine.addUseCaseKeyResults([result('a', 1), result('b', 2)], FetchType.cacheHit)
    theirs.addUseCaseKeyResult(result('b', 3), FetchType.rateLimited, { isGlobal: true })
    theirs.addUseCaseKeyResult(UseCaseKeyResult.fromString('spans:1:c', 4), FetchType.firstSeen)
    const merged = mine.merge(theirs)
    expect(merged.getMappedKeyStringsToInts()).toEqual(
      new Map([
        ['custom:1:b', 2],
        ['custom:1:a', 1],
        ['spans:1:c', 4],
      ]),
    )
    expect(merged.metadataOf('custom', 1, 'b')).toEqual({ id: 3, fetchType: 'r', fetchTypeExt: { isGlobal: true } })
    expect(merged.metadataOf('custom', 1, 'a')?.fetchType).toBe('c')
    expect(merged.idOf('spans', 1, 'c')).toBe(4)
    expect(merged.idOf('profiles', 1, 'c')).toBeNull()
    expect(mine.getMappedKeyStringsToInts().size).toBe(2)
    const asked = new UseCaseKeyCollection(
      new Map([
        ['custom', new Map([[1, strings('a', 'z')]])],
        ['profiles', new Map([[1, strings('a')]])],
      ] as const),
    )
    expect(merged.getUnmappedKeys(asked).asStrings()).toEqual(['custom:1:z', 'profiles:1:a'])
  })
})
