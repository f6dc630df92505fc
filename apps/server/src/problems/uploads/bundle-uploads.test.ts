import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Access } from '../../accounts/index.ts'
import { ManualClock, turns } from '../../ingest/testing/manual-clock.ts'
import { AppError } from '../../kernel/errors.ts'
import { silentLogger } from '../../kernel/log.ts'
import { createScope } from '../../kernel/scope.ts'
import { problemsUnavailable } from '../errors.ts'
import type { BundleRequest, SourceMapDraft, Uploader } from '../ports.ts'
import { BundleDesk } from './bundle-uploads.ts'
import { bundleOf, sourceOf } from './testing/made-bundle.ts'

const uploader = { organizationId: 1, owner: 'token:1' }
const access: Access = {
  caller: { kind: 'token', id: '1', name: 'ci' },
  role: 'member',
  permissions: new Set(['write']),
  scope: createScope(1, [1]),
}

const bundle = bundleOf([{ path: 'a.js.map', type: 'source_map', headers: { 'debug-id': 'a'.repeat(32) }, content: '{"version":3}' }])
const sha1 = createHash('sha1').update(bundle).digest('hex')

function requestOf(release: string): BundleRequest {
  return { checksum: sha1, chunks: [sha1], release, dist: '' }
}

/** A desk whose source maps are kept when the test says so. */
function openDesk(sent = bundle) {
  const clock = new ManualClock()
  const waiting: { readonly release: string; readonly settle: (error?: Error) => void }[] = []
  const ends: number[] = []
  const dropped = new Set<string>()
  const sourceMaps = {
    changes: 0,
    putOfBuild: (_accesses: readonly Access[], { release }: SourceMapDraft) =>
      new Promise<void>((resolve, reject) =>
        waiting.push({ release, settle: (error) => (error === undefined ? resolve() : reject(error)) }),
      ),
    endBuild: async (_accesses: readonly Access[], { files }: { readonly files: number }) => {
      ends.push(files)
      await Promise.resolve()
    },
  }
  const missing = ({ owner }: Uploader, hashes: readonly string[]): string[] => hashes.filter((hash) => dropped.has(`${owner}/${hash}`))
  const desk = new BundleDesk({
    chunks: {
      put: async ({ owner }, hash) => {
        dropped.delete(`${owner}/${hash}`)
        await Promise.resolve()
      },
      missing: async (sender, hashes) => await Promise.resolve(missing(sender, hashes)),
      open: async (sender, hashes) => await Promise.resolve(missing(sender, hashes).length > 0 ? null : sourceOf(sent)),
      drop: async ({ owner }, hashes) => {
        for (const hash of hashes) dropped.add(`${owner}/${hash}`)
        await Promise.resolve()
      },
    },
    sourceMaps,
    clock,
    logger: silentLogger,
  })
  const next = async (): Promise<(typeof waiting)[number]> => {
    for (;;) {
      const one = waiting.shift()
      if (one !== undefined) return one
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  /** Until somebody waits for the time to pass. */
  const asleep = async (): Promise<void> => {
    while (clock.pending === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  return { desk, clock, waiting, ends, dropped, sourceMaps, next, asleep }
}

test('who asks is not kept waiting for ever; asked again it goes on, and the end is remembered for a minute', async () => {
  const { desk, clock, next, asleep } = openDesk()
  const first = desk.assemble(uploader, [access], requestOf('1'))
  const put = await next()
  await asleep()
  await clock.advance(5000)
  expect(await first).toEqual({ state: 'assembling', missingChunks: [], detail: null })
  const second = desk.assemble(uploader, [access], requestOf('1'))
  put.settle()
  expect(await second).toMatchObject({ state: 'ok' })
  expect(await desk.assemble(uploader, [access], requestOf('1'))).toMatchObject({ state: 'ok' })
  await clock.advance(60_000)
  await desk.putChunk(uploader, sha1, bundle)
  const again = desk.assemble(uploader, [access], requestOf('1'))
  ;(await next()).settle()
  expect(await again).toMatchObject({ state: 'ok' })
})

test('what may have been deleted since is put again; who was told to ask again is told the end', async () => {
  const { desk, clock, sourceMaps, next, asleep } = openDesk()
  const first = desk.assemble(uploader, [access], requestOf('1'))
  const put = await next()
  await asleep()
  await clock.advance(5000)
  expect(await first).toMatchObject({ state: 'assembling' })
  put.settle()
  await clock.advance(1)
  sourceMaps.changes++
  expect(await desk.assemble(uploader, [access], requestOf('1'))).toMatchObject({ state: 'ok' })
  expect(await desk.assemble(uploader, [access], requestOf('1'))).toEqual({ state: 'not_found', missingChunks: [sha1], detail: null })
  await desk.putChunk(uploader, sha1, bundle)
  const again = desk.assemble(uploader, [access], requestOf('1'))
  ;(await next()).settle()
  expect(await again).toMatchObject({ state: 'ok' })
})

test('pieces stay for the bundles that still need them, and are asked for again when they are gone', async () => {
  const { desk, dropped, next } = openDesk()
  const asked = ['1', '2', '3'].map((release) => desk.assemble(uploader, [access], requestOf(release)))
  ;(await next()).settle()
  expect(await asked[0]).toMatchObject({ state: 'ok' })
  ;(await next()).settle()
  const last = await next()
  expect([...dropped]).toEqual([])
  last.settle()
  expect((await Promise.all(asked)).map(({ state }) => state)).toEqual(['ok', 'ok', 'ok'])
  expect([...dropped]).toEqual([`token:1/${sha1}`])
  await desk.putChunk(uploader, sha1, bundle)
  const [running, waits] = ['4', '5'].map((release) => desk.assemble(uploader, [access], requestOf(release)))
  const fourth = await next()
  dropped.add(`token:1/${sha1}`)
  fourth.settle()
  await running
  expect(await waits).toEqual({ state: 'not_found', missingChunks: [sha1], detail: null })
})

test('one organization waits for one bundle of another, not for all of them', async () => {
  const { desk, next } = openDesk()
  const other = { organizationId: 2, owner: 'token:2' }
  const asked = ['1', '2', '3'].map((release) => desk.assemble(uploader, [access], requestOf(release)))
  const first = await next()
  asked.push(desk.assemble(other, [access], requestOf('theirs')))
  await turns()
  const order = [first.release]
  first.settle()
  for (let index = 0; index < 3; index++) {
    const put = await next()
    order.push(put.release)
    put.settle()
  }
  await Promise.all(asked)
  expect(order).toEqual(['1', '2', 'theirs', '3'])
})

test('what was put before something went wrong is ended as a build', async () => {
  const names = ['a', 'b', 'c']
  const three = bundleOf(names.map((name) => ({ path: `${name}.js.map`, type: 'source_map' as const, content: '{"version":3}' })))
  const { desk, ends, next } = openDesk(three)
  const hash = createHash('sha1').update(three).digest('hex')
  const asked = desk.assemble(uploader, [access], { checksum: hash, chunks: [hash], release: '1', dist: '' })
  ;(await next()).settle()
  ;(await next()).settle(new AppError(problemsUnavailable))
  expect(await asked).toMatchObject({ state: 'error', detail: problemsUnavailable.publicText })
  expect(ends).toEqual([1])
})

test('one bundle is read after the other, and so many may wait', async () => {
  const { desk, waiting, next } = openDesk()
  const asked = Array.from({ length: 50 }, (_, index) => desk.assemble(uploader, [access], requestOf(`${index}`)))
  const first = await next()
  expect([first.release, waiting.length]).toEqual(['0', 0])
  await expect(desk.assemble(uploader, [access], requestOf('one too many'))).rejects.toMatchObject({ code: 'problems.uploads_full' })
  first.settle()
  for (let index = 1; index < 50; index++) {
    const put = await next()
    expect(put.release).toBe(`${index}`)
    put.settle()
  }
  expect((await Promise.all(asked)).every(({ state }) => state === 'ok')).toBe(true)
})

test('a bug of ours ends a bundle, not those behind it; what it was is not told to the sender', async () => {
  const { desk, next } = openDesk()
  const asked = ['1', '2'].map((release) => desk.assemble(uploader, [access], requestOf(release)))
  ;(await next()).settle(new Error('secret'))
  ;(await next()).settle()
  const [failed, fine] = await Promise.all(asked)
  expect([failed?.state, fine?.state]).toEqual(['error', 'ok'])
  expect(failed?.detail).toBe('Something went wrong on our side; the log of the program has more.')
})
