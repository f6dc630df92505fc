/** How long a project keeps its spans, in PostgreSQL. */
export const tracesKeepingMigrations: readonly { readonly id: string; readonly up: readonly string[] }[] = [
  {
    id: 'traces-001',
    up: [
      `create table if not exists trace_retention (
        organization_id integer not null,
        project_id integer not null,
        keep_days integer not null check (keep_days between 1 and 3650),
        changed_at timestamptz not null default now(),
        changed_by text not null,
        primary key (organization_id, project_id),
        foreign key (project_id, organization_id) references projects (id, organization_id) on delete cascade
      )`,
    ],
  },
]
