/** Projects of the organization: one per application or team; data of different projects never mixes. */
import { pageSchema, projectSchema, type Project } from '@bellwether/protocol'
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { request } from '../../lib/http.ts'
import { formatAgo } from '../../lib/time-format.ts'
import { DataTable } from '../../ui/DataTable.tsx'
import { NameForm } from '../../ui/NameForm.tsx'
import { Page } from '../../ui/Page.tsx'
import { Failure, Loading } from '../../ui/states.tsx'
import { Tag } from '../../ui/StatusMark.tsx'
import type { Column } from '../../ui/table-model.ts'
import { may, sessionQuery, usePlace } from '../session/index.ts'

const projectPage = pageSchema(projectSchema)

function projectsQuery(organizationPath: string) {
  return queryOptions({
    queryKey: ['projects', organizationPath],
    queryFn: ({ signal }) => request(`${organizationPath}/projects`, projectPage, { signal }),
  })
}

function columnsFor(openId: string, nowMs: number): readonly Column<Project>[] {
  return [
    {
      id: 'name',
      header: 'Name',
      isMain: true,
      value: (project) => project.name,
      cell: (project) => (
        <Link to="/p/$project" params={{ project: project.id }}>
          {project.name}
        </Link>
      ),
    },
    { id: 'here', header: 'Here', cell: (project) => (project.id === openId ? <Tag tone="accent">open now</Tag> : null) },
    { id: 'slug', header: 'Slug', value: (project) => project.slug, cell: (project) => <code>{project.slug}</code> },
    { id: 'id', header: 'Id', isNumber: true, value: (project) => Number(project.id), cell: (project) => <code>{project.id}</code> },
    {
      id: 'created',
      header: 'Created',
      isExtra: true,
      value: (project) => project.createdAt,
      cell: (project) => <time title={project.createdAt}>{formatAgo(Date.parse(project.createdAt), nowMs)}</time>,
    },
  ]
}

export function ProjectsPage() {
  const { organizationPath, organization, project } = usePlace()
  const client = useQueryClient()
  const navigate = useNavigate()
  const projects = useQuery(projectsQuery(organizationPath))
  const create = useMutation({
    mutationFn: (name: string) => request(`${organizationPath}/projects`, projectSchema, { method: 'POST', body: { name } }),
    onSuccess: async (made) => {
      await client.invalidateQueries({ queryKey: projectsQuery(organizationPath).queryKey })
      await client.fetchQuery({ ...sessionQuery, staleTime: 0 })
      await navigate({ to: '/p/$project/start', params: { project: made.id } })
    },
  })
  return (
    <Page
      title="Projects"
      lead={`Projects of organization “${organization.name}” (slug ${organization.slug}): usually one for each application. Each has its own keys and data.`}
    >
      <section className="bw-section" aria-label="Projects">
        {may(organization, 'admin') && (
          <NameForm
            label="Name of the new project"
            placeholder="web shop"
            action="Create project"
            busy={create.isPending}
            error={create.error}
            onSubmit={create.mutateAsync}
          />
        )}
        {projects.isPending && <Loading label="projects" />}
        {projects.isError && (
          <Failure error={projects.error} title="The projects could not be listed" onRetry={() => void projects.refetch()} />
        )}
        {projects.data !== undefined && (
          <DataTable
            label="projects"
            columns={columnsFor(project.id, projects.dataUpdatedAt)}
            rows={projects.data.items}
            rowKey={(each) => each.id}
          />
        )}
      </section>
    </Page>
  )
}
