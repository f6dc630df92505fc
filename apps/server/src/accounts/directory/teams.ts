/** Teams: who works on which projects. */
import { AppError } from '../../kernel/errors.ts'
import type { AccountsDatabase, Writer } from '../database.ts'
import { unknownReference } from '../errors.ts'
import { teamsPerOrganizationMax } from '../limits.ts'
import type { Access } from '../ports.ts'
import { writeAudit } from './audit.ts'
import { checkLimit, parseIds, slugOf } from './names.ts'
import { count } from './projects.ts'

export interface TeamRecord {
  readonly id: string
  readonly slug: string
  readonly name: string
  readonly memberIds: readonly string[]
  /** Only those in the caller's scope. */
  readonly projectIds: readonly string[]
  readonly createdAtMs: number
}

export interface NewTeam {
  readonly name: string
  readonly slug?: string | undefined
  readonly memberIds?: readonly string[] | undefined
  readonly projectIds?: readonly string[] | undefined
}

export async function listTeams(database: AccountsDatabase, access: Access): Promise<TeamRecord[]> {
  const { organizationId, projectIds } = access.scope
  const [teams, members, projects] = await database.read((db) =>
    Promise.all([
      db.selectFrom('teams').selectAll().where('organization_id', '=', organizationId).orderBy('name').execute(),
      db.selectFrom('team_members').select(['team_id', 'user_id']).where('organization_id', '=', organizationId).execute(),
      db.selectFrom('project_teams').select(['team_id', 'project_id']).where('organization_id', '=', organizationId).execute(),
    ]),
  )
  return teams.map((row) => ({
    id: String(row.id),
    slug: row.slug,
    name: row.name,
    memberIds: members.filter((link) => link.team_id === row.id).map((link) => link.user_id),
    projectIds: projects
      .filter((link) => link.team_id === row.id && projectIds.includes(link.project_id))
      .map((link) => String(link.project_id)),
    createdAtMs: row.created_at.getTime(),
  }))
}

export async function createTeam(database: AccountsDatabase, access: Access, wanted: NewTeam): Promise<TeamRecord> {
  const organizationId = access.scope.organizationId
  const memberIds = [...new Set(wanted.memberIds ?? [])]
  const projectIds = parseIds(wanted.projectIds ?? [])
  return await database.change(async (trx) => {
    checkLimit('teams', await count(trx, 'teams', organizationId), teamsPerOrganizationMax)
    const row = await trx
      .insertInto('teams')
      .values({ organization_id: organizationId, slug: wanted.slug ?? slugOf(wanted.name), name: wanted.name })
      .returningAll()
      .executeTakeFirstOrThrow()
    await addMembers(trx, row, memberIds)
    checkInScope(access, projectIds)
    await addProjects(trx, row, projectIds)
    await writeAudit(trx, access, {
      action: 'team.create',
      target: `team:${row.id}`,
      detail: { name: row.name, members: memberIds.join(' '), projects: projectIds.join(' ') },
    })
    return {
      id: String(row.id),
      slug: row.slug,
      name: row.name,
      memberIds,
      projectIds: projectIds.map(String),
      createdAtMs: row.created_at.getTime(),
    }
  })
}

interface TeamRow {
  readonly id: number
  readonly organization_id: number
}

async function addMembers(trx: Writer, team: TeamRow, userIds: readonly string[]): Promise<void> {
  const organizationId = team.organization_id
  if (userIds.length === 0) return
  const known = await trx
    .selectFrom('members')
    .select('user_id')
    .where('organization_id', '=', organizationId)
    .where('user_id', 'in', userIds)
    .execute()
  if (known.length !== userIds.length) throw new AppError(unknownReference)
  await trx
    .insertInto('team_members')
    .values(userIds.map((userId) => ({ team_id: team.id, organization_id: organizationId, user_id: userId })))
    .execute()
}

function checkInScope({ scope }: Access, projectIds: readonly number[]): void {
  if (projectIds.some((id) => !scope.projectIds.includes(id))) throw new AppError(unknownReference)
}

async function addProjects(trx: Writer, team: TeamRow, projectIds: readonly number[]): Promise<void> {
  if (projectIds.length === 0) return
  await trx
    .insertInto('project_teams')
    .values(projectIds.map((projectId) => ({ project_id: projectId, team_id: team.id, organization_id: team.organization_id })))
    .execute()
}
