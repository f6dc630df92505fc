import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Access } from '../../accounts/index.ts'
import { ManualClock } from '../../ingest/testing/manual-clock.ts'
import { silentLogger } from '../../kernel/log.ts'
import { createScope } from '../../kernel/scope.ts'
import type { BundleRequest, SourceMapDraft } from '../ports.ts'
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
function openDesk() {
  const clock = new ManualClock()
  const waiting: { readonly release: string; readonly settle: (error?: Error) => void }[] = []
  const desk = new BundleDesk({
    chunks: {
      put: async () => undefined,
      missing: async () => await Promise.resolve([]),
      open: async () => await Promise.resolve(sourceOf(bundle)),
      drop: async () => undefined,
    },
    sourceMaps: {
      putOfBuild: (_accesses, { release }: SourceMapDraft) =>
        new Promise((resolve, reject) => waiting.push({ release, settle: (error) => (error === undefined ? resolve() : reject(error)) })),
      endBuild: async () => undefined,
    },
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
  return { desk, clock, waiting, next, asleep }
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
  const again = desk.assemble(uploader, [access], requestOf('1'))
  ;(await next()).settle()
  expect(await again).toMatchObject({ state: 'ok' })
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
