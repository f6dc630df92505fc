/** Projects, people, teams, tokens, audit and usage of an organization. */
import {
  apiTokenCreatedSchema,
  apiTokenCreateSchema,
  apiTokenSchema,
  auditEntrySchema,
  memberCreatedSchema,
  memberCreateSchema,
  memberSchema,
  memberUpdateSchema,
  pageQuerySchema,
  pageSchema,
  projectCreateSchema,
  projectSchema,
  teamCreateSchema,
  teamSchema,
  type ApiToken,
  type AuditEntry,
  type Member,
  type Project,
  type Team,
} from '@bellwether/protocol'
import type { AuditRecord, MemberRecord, ProjectRecord, TeamRecord, TokenRecord } from '../../accounts/index.ts'
import { defineRoute, nothing, type Route } from '../http/route-table.ts'
import type { ApiDeps } from '../ports.ts'
import { wholePage, wireTime, wireTimeOrNull } from './times.ts'

const base = '/api/0/organizations/:organization'

function toProject(record: ProjectRecord): Project {
  return { id: record.id, slug: record.slug, name: record.name, teamIds: [...record.teamIds], createdAt: wireTime(record.createdAtMs) }
}

function toMember(record: MemberRecord): Member {
  const { userId, email, name, role } = record
  return { userId, email, name, role, teamIds: [...record.teamIds], createdAt: wireTime(record.createdAtMs) }
}

function toTeam(record: TeamRecord): Team {
  const { id, slug, name } = record
  return { id, slug, name, memberIds: [...record.memberIds], projectIds: [...record.projectIds], createdAt: wireTime(record.createdAtMs) }
}

function toToken(record: TokenRecord): ApiToken {
  const { id, name, prefix, projectId, createdBy } = record
  return {
    id,
    name,
    prefix,
    permissions: [...record.permissions],
    projectId,
    createdBy,
    createdAt: wireTime(record.createdAtMs),
    expiresAt: wireTimeOrNull(record.expiresAtMs),
    lastUsedAt: wireTimeOrNull(record.lastUsedAtMs),
  }
}

function toEntry(record: AuditRecord): AuditEntry {
  const { id, actor, action, target, detail } = record
  return { id, at: wireTime(record.atMs), actor: { ...actor }, action, target, detail: { ...detail } }
}

export function organizationRoutes(deps: Pick<ApiDeps, 'accounts' | 'settings'>): Route[] {
  return [...projectRoutes(deps), ...memberRoutes(deps), ...teamRoutes(deps), ...tokenRoutes(deps), auditRoute(deps)]
}

function projectRoutes({ accounts: { directory } }: Pick<ApiDeps, 'accounts'>): Route[] {
  const common = { path: `${base}/projects`, tag: 'Organization', query: nothing }
  return [
    defineRoute({
      ...common,
      method: 'GET',
      summary: 'Projects that the caller may see.',
      access: { kind: 'organization', needed: 'read' },
      body: nothing,
      answer: pageSchema(projectSchema),
      handle: async (call) => wholePage((await directory.projects(call.access())).map(toProject)),
    }),
    defineRoute({
      ...common,
      method: 'POST',
      summary: 'Makes a project with a first ingest key.',
      access: { kind: 'organization', needed: 'admin' },
      body: projectCreateSchema,
      answer: projectSchema,
      status: 201,
      handle: async (call) => toProject(await directory.createProject(call.access(), call.body)),
    }),
  ]
}

function memberRoutes({ accounts: { directory }, settings }: Pick<ApiDeps, 'accounts' | 'settings'>): Route[] {
  const common = { tag: 'Organization', query: nothing }
  const linkOf = (token: string): string => `${settings.publicUrl}/first-run?token=${encodeURIComponent(token)}`
  return [
    defineRoute({
      ...common,
      method: 'GET',
      path: `${base}/members`,
      summary: 'People and their roles.',
      access: { kind: 'organization', needed: 'read' },
      body: nothing,
      answer: pageSchema(memberSchema),
      handle: async (call) => wholePage((await directory.members(call.access())).map(toMember)),
    }),
    defineRoute({
      ...common,
      method: 'POST',
      path: `${base}/members`,
      summary: 'Adds a person; a new one gets a sign-in link that works once.',
      access: { kind: 'organization', needed: 'admin' },
      body: memberCreateSchema,
      answer: memberCreatedSchema,
      status: 201,
      handle: async (call) => {
        const { member, linkToken } = await directory.addMember(call.access(), call.body)
        return { member: toMember(member), signInLink: linkToken === null ? null : linkOf(linkToken) }
      },
    }),
    defineRoute({
      ...common,
      method: 'PATCH',
      path: `${base}/members/:user`,
      summary: 'Changes a role. The last owner stays one.',
      access: { kind: 'organization', needed: 'admin' },
      body: memberUpdateSchema,
      answer: memberSchema,
      handle: async (call) => toMember(await directory.changeMemberRole(call.access(), call.param('user'), call.body.role)),
    }),
    defineRoute({
      ...common,
      method: 'DELETE',
      path: `${base}/members/:user`,
      summary: 'Removes a person from the organization. The last owner stays.',
      access: { kind: 'organization', needed: 'admin' },
      body: nothing,
      answer: null,
      handle: async (call) => await directory.removeMember(call.access(), call.param('user')),
    }),
    defineRoute({
      ...common,
      method: 'POST',
      path: `${base}/members/:user/sign-in-link`,
      summary: 'A new sign-in link for someone who lost the way in; works once, for seven days.',
      access: { kind: 'organization', needed: 'admin' },
      body: nothing,
      answer: memberCreatedSchema,
      status: 201,
      handle: async (call) => {
        const { member, linkToken } = await directory.issueMemberLink(call.access(), call.param('user'))
        return { member: toMember(member), signInLink: linkOf(linkToken) }
      },
    }),
  ]
}

function teamRoutes({ accounts: { directory } }: Pick<ApiDeps, 'accounts'>): Route[] {
  const common = { path: `${base}/teams`, tag: 'Organization', query: nothing }
  return [
    defineRoute({
      ...common,
      method: 'GET',
      summary: 'Teams with their members and projects.',
      access: { kind: 'organization', needed: 'read' },
      body: nothing,
      answer: pageSchema(teamSchema),
      handle: async (call) => wholePage((await directory.teams(call.access())).map(toTeam)),
    }),
    defineRoute({
      ...common,
      method: 'POST',
      summary: 'Makes a team. A project with teams is seen by them and by administrators only.',
      access: { kind: 'organization', needed: 'admin' },
      body: teamCreateSchema,
      answer: teamSchema,
      status: 201,
      handle: async (call) => toTeam(await directory.createTeam(call.access(), call.body)),
    }),
  ]
}

function tokenRoutes({ accounts: { directory } }: Pick<ApiDeps, 'accounts'>): Route[] {
  const common = { tag: 'Organization', query: nothing, access: { kind: 'organization', needed: 'admin' } } as const
  return [
    defineRoute({
      ...common,
      method: 'GET',
      path: `${base}/tokens`,
      summary: 'API tokens in force, newest first.',
      body: nothing,
      answer: pageSchema(apiTokenSchema),
      handle: async (call) => wholePage((await directory.tokens(call.access())).map(toToken)),
    }),
    defineRoute({
      ...common,
      method: 'POST',
      path: `${base}/tokens`,
      summary: 'Makes an API token. The answer holds it; it is not shown again.',
      body: apiTokenCreateSchema,
      answer: apiTokenCreatedSchema,
      status: 201,
      handle: async (call) => {
        const { name, permissions, projectId, expiresAt } = call.body
        const expiresAtMs = expiresAt === undefined || expiresAt === null ? null : Date.parse(expiresAt)
        const made = await directory.createToken(call.access(), { name, permissions, projectId: projectId ?? null, expiresAtMs })
        return { token: toToken(made.token), secret: made.secret }
      },
    }),
    defineRoute({
      ...common,
      method: 'DELETE',
      path: `${base}/tokens/:token`,
      summary: 'Revokes an API token at once.',
      body: nothing,
      answer: null,
      handle: async (call) => await directory.revokeToken(call.access(), call.param('token')),
    }),
  ]
}

function auditRoute({ accounts: { directory } }: Pick<ApiDeps, 'accounts'>): Route {
  return defineRoute({
    method: 'GET',
    path: `${base}/audit`,
    summary: 'Who changed what, newest first.',
    tag: 'Organization',
    access: { kind: 'organization', needed: 'admin' },
    query: pageQuerySchema,
    body: nothing,
    answer: pageSchema(auditEntrySchema),
    handle: async (call) => {
      const page = await directory.audit(call.access(), call.query)
      return { items: page.items.map(toEntry), next: page.next }
    },
  })
}
