/** Organization and project, switched without leaving the kind of page that is open. */
import { Menu } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { Fragment } from 'react'
import { Icon } from '../../ui/Icon.tsx'
import { usePlace } from '../session/index.ts'

export function PlaceSwitcher() {
  const { session, organization, project } = usePlace()
  const navigate = useNavigate()
  const open = (id: string): void => {
    void navigate({ to: '.', params: (params) => ({ ...params, project: id }), search: true })
  }
  return (
    <Menu position="bottom-start" shadow="md" width={260}>
      <Menu.Target>
        <button type="button" className="bw-top__place" aria-label={`Project ${project.name} in ${organization.name}; switch`}>
          <span className="bw-dim bw-truncate bw-top__organization">{organization.name}</span>
          <span aria-hidden="true" className="bw-dim bw-top__organization">
            /
          </span>
          <strong className="bw-truncate">{project.name}</strong>
          <Icon name="down" size={12} />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {session.organizations.map((each) => (
          <Fragment key={each.id}>
            <Menu.Label>{each.name}</Menu.Label>
            {each.projects.map((candidate) => (
              <Menu.Item
                key={candidate.id}
                onClick={() => open(candidate.id)}
                rightSection={candidate.id === project.id ? <Icon name="check" size={14} /> : null}
                aria-current={candidate.id === project.id || undefined}
              >
                {candidate.name}
              </Menu.Item>
            ))}
          </Fragment>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={() => void navigate({ to: '/p/$project/settings/project', params: { project: project.id } })}>All projects…</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
