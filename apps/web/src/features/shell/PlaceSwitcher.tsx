/** Organization and project, switched without leaving the kind of page that is open. */
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { Dropdown, MenuGroup, MenuItem } from '../../ui/Dropdown.tsx'
import { Icon } from '../../ui/Icon.tsx'
import { usePlace } from '../session/index.ts'

export function PlaceSwitcher() {
  const { session, organization, project } = usePlace()
  const navigate = useNavigate()
  const [isOpen, setOpen] = useState(false)
  const open = (id: string): void => {
    void navigate({ to: '.', params: (params) => ({ ...params, project: id }), search: true })
  }
  return (
    <Dropdown
      kind="menu"
      label="Projects"
      align="start"
      isOpen={isOpen}
      onOpenChange={setOpen}
      trigger={(props) => (
        <button type="button" className="bw-top__place" aria-label={`Project ${project.name} in ${organization.name}; switch`} {...props}>
          <span className="bw-dim bw-truncate bw-top__organization">{organization.name}</span>
          <span aria-hidden="true" className="bw-dim bw-top__organization">
            /
          </span>
          <strong className="bw-truncate">{project.name}</strong>
          <Icon name="down" size={12} />
        </button>
      )}
    >
      {session.organizations.map((each) => (
        <MenuGroup key={each.id} label={each.name}>
          {each.projects.map((candidate) => (
            <MenuItem key={candidate.id} isChosen={candidate.id === project.id} onSelect={() => open(candidate.id)}>
              {candidate.name}
            </MenuItem>
          ))}
        </MenuGroup>
      ))}
      <MenuItem icon="settings" onSelect={() => void navigate({ to: '/p/$project/settings/project', params: { project: project.id } })}>
        All projects…
      </MenuItem>
    </Dropdown>
  )
}
