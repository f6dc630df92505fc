import { expect, test } from 'vitest'
import type { Access } from '../../accounts/index.ts'
import { createScope } from '../../kernel/scope.ts'
import type { ToldRelease } from '../../problems/index.ts'
import { releaseRoutes } from './release-routes.ts'
import type { SentryCall } from './sentry-route.ts'

const accesses = [1, 2, 3].map((projectId): Access => ({
  caller: { kind: 'token', id: '1', name: 'ci' },
  role: 'member',
  permissions: new Set(['read']),
  scope: createScope(1, [projectId]),
}))

test('each project is described once, however many releases it has', async () => {
  const described: number[] = []
  const told = Array.from({ length: 100 }, (_, index): ToldRelease => ({
    version: `web@${index}`,
    url: null,
    createdMs: index,
    startedMs: null,
    releasedMs: null,
    isArchived: false,
    commits: [],
    createdBy: 'ci',
  }))
  const deps = {
    releases: { list: async () => await Promise.resolve(told) },
    accounts: {
      directory: {
        projects: async ({ scope }: Access) => {
          const [id = 0] = scope.projectIds
          described.push(id)
          return await Promise.resolve([{ id: `${id}`, slug: `p${id}`, name: `P${id}`, createdAtMs: 0 }])
        },
      },
    },
  } as unknown as Parameters<typeof releaseRoutes>[0]
  const [list] = releaseRoutes(deps)
  const answer = await list?.run({ accesses, body: null } as unknown as SentryCall<unknown>)
  expect(described.sort()).toEqual([1, 2, 3])
  expect(answer).toHaveLength(100)
  expect(answer).toContainEqual(
    expect.objectContaining({ version: 'web@7', projects: [1, 2, 3].map((id) => ({ id: `${id}`, slug: `p${id}`, name: `P${id}` })) }),
  )
})
