/** Projects of an organization. A project without teams is open to everyone in the organization. */
import { AppError } from '../../kernel/errors.ts'
import type { AccountsDatabase, Writer } from '../database.ts'
import { unknownReference } from '../errors.ts'
import { projectsPerOrganizationMax } from '../limits.ts'
import { newIngestKey } from '../secrets.ts'
import type { Access } from '../ports.ts'
import { writeAudit } from './audit.ts'
import { checkLimit, parseIds, slugOf } from './names.ts'

export interface ProjectRecord {
  readonly id: string
  readonly slug: string
  readonly name: string
  readonly teamIds: readonly string[]
  readonly createdAtMs: number
}

export interface NewProject {
  readonly name: string
  readonly slug?: string | undefined
  readonly teamIds?: readonly string[] | undefined
}

/** Only those in the scope. */
export async function listProjects(database: AccountsDatabase, access: Access): Promise<ProjectRecord[]> {
  const [projects, teams] = await database.read((db) =>
    Promise.all([
      db
        .selectFrom('projects')
        .selectAll()
        .where('organization_id', '=', access.scope.organizationId)
        .where('id', 'in', [...access.scope.projectIds])
        .orderBy('id')
        .execute(),
      db.selectFrom('project_teams').select(['project_id', 'team_id']).where('organization_id', '=', access.scope.organizationId).execute(),
    ]),
  )
  return projects.map((row) => ({
    id: String(row.id),
    slug: row.slug,
    name: row.name,
    teamIds: teams.filter((link) => link.project_id === row.id).map((link) => String(link.team_id)),
    createdAtMs: row.created_at.getTime(),
  }))
}

/** Makes the project with a first ingest key. Needs `admin`, checked by the caller's access. */
export async function createProject(database: AccountsDatabase, access: Access, wanted: NewProject): Promise<ProjectRecord> {
  const organizationId = access.scope.organizationId
  const teamIds = parseIds(wanted.teamIds ?? [])
  return await database.change(async (trx) => {
    checkLimit('projects', await count(trx, 'projects', organizationId), projectsPerOrganizationMax)
    const row = await trx
      .insertInto('projects')
      .values({ organization_id: organizationId, slug: wanted.slug ?? slugOf(wanted.name), name: wanted.name })
      .returningAll()
      .executeTakeFirstOrThrow()
    await linkTeams(trx, row, teamIds)
    await trx.insertInto('ingest_keys').values({ project_id: row.id, name: 'Default', key: newIngestKey(), revoked_at: null }).execute()
    await writeAudit(trx, access, { action: 'project.create', target: `project:${row.id}`, detail: { name: row.name, slug: row.slug } })
    return { id: String(row.id), slug: row.slug, name: row.name, teamIds: teamIds.map(String), createdAtMs: row.created_at.getTime() }
  })
}

async function linkTeams(trx: Writer, project: { id: number; organization_id: number }, teamIds: readonly number[]): Promise<void> {
  const organizationId = project.organization_id
  if (teamIds.length === 0) return
  const known = await trx
    .selectFrom('teams')
    .select('id')
    .where('organization_id', '=', organizationId)
    .where('id', 'in', teamIds)
    .execute()
  if (known.length !== teamIds.length) throw new AppError(unknownReference)
  await trx
    .insertInto('project_teams')
    .values(teamIds.map((teamId) => ({ project_id: project.id, team_id: teamId, organization_id: organizationId })))
    .execute()
}

/** Rows of a table that belong to an organization. */
export async function count(trx: Writer, table: 'projects' | 'teams' | 'members', organizationId: number): Promise<number> {
  const row = await trx
    .selectFrom(table)
    .select((eb) => eb.fn.countAll<string>().as('n'))
    .where('organization_id', '=', organizationId)
    .executeTakeFirstOrThrow()
  return Number(row.n)
}
