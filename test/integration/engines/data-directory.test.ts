import { existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { dataDirectoryHolder, openDataDirectory } from '../../../apps/server/src/engines/data-directory.ts'
import { engineFolder } from './engine-folder.ts'

test('it is made, closed to others, and given back', async () => {
  using folder = engineFolder()
  const path = join(folder.path, 'a', 'b')
  const first = await openDataDirectory(path)
  expect(first.path).toBe(path)
  expect(statSync(path).mode & 0o066).toBe(0)
  await expect(openDataDirectory(path)).rejects.toMatchObject({
    code: 'data_dir.locked',
    publicText: expect.stringContaining(String(process.pid)),
  })
  expect(await dataDirectoryHolder(path)).toBe(process.pid)
  await first[Symbol.asyncDispose]()
  expect(await dataDirectoryHolder(path)).toBeNull()
  const second = await openDataDirectory(path)
  await second[Symbol.asyncDispose]()
  expect(existsSync(join(path, 'bellwether.lock'))).toBe(false)
})

test('a path too long for a socket is locked all the same', async () => {
  using folder = engineFolder()
  const path = join(folder.path, 'x'.repeat(60), 'y'.repeat(60))
  await using first = await openDataDirectory(path)
  await expect(openDataDirectory(path)).rejects.toMatchObject({ code: 'data_dir.locked' })
  expect(first.path).toBe(path)
})

test('of many that want it at once, one gets it, also over a stale lock', async () => {
  using folder = engineFolder()
  for (let round = 0; round < 10; round++) {
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => openDataDirectory(folder.path)))
    const opened = results.filter((result) => result.status === 'fulfilled')
    expect(opened.length).toBe(1)
    for (const result of opened) await result.value[Symbol.asyncDispose]()
  }
})

test('a path that cannot be a folder says why', async () => {
  using folder = engineFolder()
  const file = join(folder.path, 'file')
  writeFileSync(file, '')
  for (const path of [file, join(file, 'below')]) {
    await expect(openDataDirectory(path), path).rejects.toMatchObject({
      code: 'data_dir.unusable',
      publicText: expect.stringMatching(/not a directory/),
    })
  }
})

test.each(['/sys/bellwether', '/proc/bellwether'])('%s, where nobody may write, not even root, is one clear message', async (path) => {
  await expect(openDataDirectory(path)).rejects.toMatchObject({ code: 'data_dir.unusable', publicText: expect.stringContaining(path) })
})
