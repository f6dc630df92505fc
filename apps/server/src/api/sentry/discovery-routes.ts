/** What Sentry's tools ask before they do anything: whether the token is good, and what it reaches. */
import { isAppError } from '../../kernel/errors.ts'
import type { Access, Caller, Gatekeeper, Permission } from '../../accounts/index.ts'
import type { ApiDeps } from '../ports.ts'
import { wireTime } from '../routes/times.ts'
import { defineSentryRoute, type SentryRoute } from './sentry-route.ts'
import { organizationsSchema, projectsSchema, repositoriesSchema, standingSchema } from './shapes.ts'

type DiscoveryDeps = Pick<ApiDeps, 'accounts'>

/** Our rights in the words of Sentry. */
const scopesOf: Readonly<Record<Permission, readonly string[]>> = {
  read: ['org:read', 'project:read', 'event:read'],
  write: ['project:releases', 'org:ci', 'project:write', 'event:write'],
  admin: ['org:write', 'project:admin', 'event:admin'],
}
const permissions: readonly Permission[] = ['read', 'write', 'admin']

export function discoveryRoutes({ accounts: { gatekeeper, directory } }: DiscoveryDeps): SentryRoute[] {
  return [
    defineSentryRoute({
      method: 'GET',
      path: '/api/0/',
      summary: 'What a token may do: `sentry-cli info`.',
      needed: 'caller',
      body: null,
      answer: standingSchema,
      run: async ({ caller }) => {
        const given = await permissionsOf(gatekeeper, caller)
        const { kind, id, name } = caller
        return {
          version: '0' as const,
          auth: { scopes: permissions.filter((one) => given.has(one)).flatMap((one) => scopesOf[one]) },
          user: { id: `${kind}-${id}`, name, email: name },
        }
      },
    }),
    defineSentryRoute({
      method: 'GET',
      path: '/api/0/organizations/',
      summary: 'Organizations that a token reads.',
      needed: 'caller',
      body: null,
      answer: organizationsSchema,
      run: async ({ caller }) =>
        (await directory.describe(caller)).organizations.map(({ id, slug, name, projects }) => ({
          id,
          slug,
          name,
          dateCreated: wireTime(Math.min(...projects.map(({ createdAtMs }) => createdAtMs), Date.UTC(2100, 0))),
          isEarlyAdopter: false,
          require2FA: false,
          requireEmailVerification: false,
          features: [],
        })),
    }),
    defineSentryRoute({
      method: 'GET',
      path: '/api/0/organizations/:organization/projects/',
      summary: 'Projects of the organization that a token reads.',
      needed: 'read',
      body: null,
      answer: projectsSchema,
      run: async ({ accesses }) =>
        (await projectsOf(accesses, directory)).map(({ createdAtMs, ...project }) => ({
          ...project,
          dateCreated: wireTime(createdAtMs),
          team: null,
          teams: [],
        })),
    }),
    defineSentryRoute({
      method: 'GET',
      path: '/api/0/organizations/:organization/repos/',
      summary: 'None: commits are told by those who have the repository.',
      needed: 'read',
      body: null,
      answer: repositoriesSchema,
      run: async () => await Promise.resolve([]),
    }),
  ]
}

export interface NamedProject {
  readonly id: string
  readonly slug: string
  readonly name: string
  readonly createdAtMs: number
}

/** By what they are called. */
export async function projectsOf(accesses: readonly Access[], directory: ApiDeps['accounts']['directory']): Promise<NamedProject[]> {
  const found = await Promise.all(accesses.map((access) => directory.projects(access)))
  return found.flat().map(({ id, slug, name, createdAtMs }) => ({ id, slug, name, createdAtMs }))
}

async function permissionsOf(gatekeeper: Gatekeeper, caller: Caller): Promise<Set<Permission>> {
  const given = new Set<Permission>()
  for (const organization of await gatekeeper.organizations(caller))
    for (const permission of permissions)
      try {
        if ((await gatekeeper.projects(caller, { organization, projects: null }, permission)).length > 0) given.add(permission)
      } catch (error) {
        if (!isAppError(error, 'accounts.forbidden')) throw error
      }
  return given
}
