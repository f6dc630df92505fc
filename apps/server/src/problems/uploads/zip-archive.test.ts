import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sourceOf, zipOf, type MadeEntry } from './testing/made-bundle.ts'
import { readZipDirectory, readZipEntry, ZipError } from './zip-archive.ts'

const limits = { entriesMax: 100, directoryBytesMax: 100_000 }

async function readAll(archive: Buffer, bytesMax = 1_000_000): Promise<Record<string, string>> {
  const source = sourceOf(archive)
  const read: Record<string, string> = {}
  for (const entry of await readZipDirectory(source, limits)) read[entry.name] = (await readZipEntry(source, entry, bytesMax)).toString()
  return read
}

test('entries come back as they were, stored or deflated, behind a mark or not', async () => {
  const entries: MadeEntry[] = [
    { name: 'a.js', content: 'x'.repeat(10_000) },
    { name: 'ü/b.map', content: 'stored', isStored: true },
    { name: 'empty', content: '' },
  ]
  const wanted = { 'a.js': 'x'.repeat(10_000), 'ü/b.map': 'stored', empty: '' }
  expect(await readAll(zipOf(entries))).toEqual(wanted)
  expect(await readAll(zipOf(entries, 'SYSB\u0002\0\0\0'))).toEqual(wanted)
  expect(await readAll(zipOf([]))).toEqual({})
})

describe('what cannot be read is said', () => {
  const one = (more: Partial<MadeEntry>): Buffer => zipOf([{ name: 'a', content: 'x'.repeat(5000), ...more }])
  const whole = one({})
  test.each<[string, Buffer, string]>([
    ['no archive', Buffer.from('{"version": 3}'), 'no zip archive'],
    ['nothing', Buffer.alloc(0), 'no zip archive'],
    ['cut off', whole.subarray(0, -5), 'no zip archive'],
    ['its beginning is missing', whole.subarray(30), 'does not lie where'],
    ['more than it says: a bomb', one({ saidBytes: 10 }), 'larger than the archive says'],
    ['less than it says', one({ saidBytes: 5001 }), 'other than the 5001 bytes'],
    ['more than is read', one({ saidBytes: 4_000_000_000 }), 'at most 1000000 are read'],
    ['another method', one({ method: 93 }), 'method that is not read (93)'],
    ['encrypted', one({ flags: 1 }), 'is encrypted'],
    ['too many', zipOf(Array.from({ length: 101 }, (_, index) => ({ name: `${index}`, content: '' }))), 'at most 100 are read'],
  ])('%s', async (_, archive, message) => {
    await expect(readAll(archive)).rejects.toThrow(message)
    await expect(readAll(archive)).rejects.toBeInstanceOf(ZipError)
  })
})

test('damaged archives are refused, never anything else', async () => {
  const whole = zipOf([
    { name: 'a.js', content: 'x'.repeat(300) },
    { name: 'b', content: 'stored', isStored: true },
  ])
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(whole.byteLength - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }), async (changes) => {
      const damaged = Buffer.from(whole)
      for (const [at, byte] of changes) damaged[at] = byte
      const failure = await readAll(damaged, 10_000).catch((error: unknown) => error)
      if (failure instanceof Error) expect(failure).toBeInstanceOf(ZipError)
    }),
  )
})
