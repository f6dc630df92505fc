/** The relational tables of accounts as Kysely sees them. The SQL is in migrations.ts. */
import type { ColumnType, Generated } from 'kysely'
import type { Permission, Role } from '../ports.ts'

type CreatedAt = ColumnType<Date, Date | undefined, never>

export interface Tables {
  users: {
    id: string
    name: string
    email: string
    email_verified: Generated<boolean>
    image: string | null
    created_at: CreatedAt
    updated_at: ColumnType<Date, Date | undefined, Date>
  }
  sessions: {
    id: string
    token: string
    user_id: string
    expires_at: Date
    ip_address: string | null
    user_agent: string | null
    created_at: CreatedAt
    updated_at: ColumnType<Date, Date | undefined, Date>
  }
  sign_in_methods: {
    id: string
    user_id: string
    provider_id: string
    password: string | null
  }
  sign_in_links: {
    token_hash: Buffer
    user_id: string
    created_at: CreatedAt
    expires_at: Date | null
    used_at: Date | null
  }
  organizations: { id: Generated<number>; slug: string; name: string; created_at: CreatedAt }
  members: { organization_id: number; user_id: string; role: Role; created_at: CreatedAt }
  teams: { id: Generated<number>; organization_id: number; slug: string; name: string; created_at: CreatedAt }
  team_members: { team_id: number; organization_id: number; user_id: string }
  projects: { id: Generated<number>; organization_id: number; slug: string; name: string; created_at: CreatedAt }
  project_teams: { project_id: number; team_id: number; organization_id: number }
  ingest_keys: {
    id: Generated<number>
    project_id: number
    name: string
    key: string
    created_at: CreatedAt
    revoked_at: Date | null
  }
  api_tokens: {
    id: Generated<number>
    organization_id: number
    project_id: number | null
    name: string
    token_hash: Buffer
    prefix: string
    permissions: Permission[]
    created_by: string
    created_at: CreatedAt
    expires_at: Date | null
    last_used_at: Date | null
    revoked_at: Date | null
  }
  audit_entries: {
    /** bigint: the driver gives a string. */
    id: Generated<string>
    organization_id: number
    at: CreatedAt
    actor_kind: string
    actor_id: string
    actor_name: string
    action: string
    target: string
    detail: ColumnType<Record<string, string>, string, never>
  }
}
