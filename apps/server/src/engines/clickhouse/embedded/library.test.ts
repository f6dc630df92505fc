import { expect, test } from 'vitest'
import { findPostgres } from '../../postgres/binaries.ts'
import { findLibrary, libraryPackage } from './library.ts'

test('each platform has its package', () => {
  expect(libraryPackage('linux', 'x64')).toBe('@chdb/lib-linux-x64-gnu')
  expect(libraryPackage('darwin', 'arm64')).toBe('@chdb/lib-darwin-arm64')
})

test('a platform without one is told which it is and what to set', () => {
  expect(() => findLibrary('sunos', 'sparc')).toThrow(
    expect.objectContaining({
      code: 'engine.library_missing',
      publicText: expect.stringContaining('sunos-sparc'),
      hint: expect.stringContaining('BELLWETHER_CLICKHOUSE_URL'),
    }),
  )
  expect(() => findPostgres('sunos', 'sparc')).toThrow(
    expect.objectContaining({
      code: 'engine.library_missing',
      publicText: expect.stringContaining('sunos-sparc'),
      hint: expect.stringContaining('BELLWETHER_POSTGRES_URL'),
    }),
  )
})
