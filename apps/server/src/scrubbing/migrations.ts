/** The table of policies: one row a project that chose something. */

export interface ScrubbingMigration {
  readonly id: string
  readonly up: readonly string[]
}

export const scrubbingMigrations: readonly ScrubbingMigration[] = [
  {
    id: 'scrubbing-001',
    up: [
      `create table if not exists scrubbing_policies (
        organization_id integer not null,
        project_id integer not null,
        policy jsonb not null,
        changed_at timestamptz not null default now(),
        changed_by text not null,
        primary key (organization_id, project_id),
        foreign key (project_id, organization_id) references projects (id, organization_id) on delete cascade
      )`,
    ],
  },
]
