/** The account: who is signed in, light or dark, the zone of times, the way out. */
import { useMantineColorScheme } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useZone } from '../../lib/preferences.ts'
import { zoneName } from '../../lib/time-format.ts'
import { IconButton } from '../../ui/Button.tsx'
import { Dropdown, MenuGroup, MenuItem } from '../../ui/Dropdown.tsx'
import type { IconName } from '../../ui/Icon.tsx'
import { signOut, usePlace } from '../session/index.ts'

const schemes: readonly { readonly value: 'light' | 'dark' | 'auto'; readonly label: string; readonly icon: IconName }[] = [
  { value: 'light', label: 'Light', icon: 'sun' },
  { value: 'dark', label: 'Dark', icon: 'moon' },
  { value: 'auto', label: 'Like the system', icon: 'auto' },
]

export function AccountMenu() {
  const { session, organization, project } = usePlace()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const [zone, setZone] = useZone()
  const [isOpen, setOpen] = useState(false)
  const navigate = useNavigate()
  const client = useQueryClient()
  const leave = useMutation({
    mutationFn: () => signOut(client),
    onSettled: () => void navigate({ to: '/sign-in', search: {} }),
  })
  return (
    <Dropdown
      kind="menu"
      label="Account"
      isOpen={isOpen}
      onOpenChange={setOpen}
      trigger={(props) => <IconButton icon="user" label="Account" {...props} />}
    >
      <div className="bw-account" role="none">
        <strong className="bw-truncate">{session.caller.name}</strong>
        <span className="bw-dim bw-truncate">{session.caller.email}</span>
        <span className="bw-dim">
          {organization.role} of organization “{organization.name}”
        </span>
      </div>
      <MenuItem icon="user" onSelect={() => void navigate({ to: '/p/$project/settings/account', params: { project: project.id } })}>
        Your account
      </MenuItem>
      <MenuGroup label="Look">
        {schemes.map((scheme) => (
          <MenuItem
            key={scheme.value}
            icon={scheme.icon}
            isChosen={colorScheme === scheme.value}
            staysOpen
            onSelect={() => setColorScheme(scheme.value)}
          >
            {scheme.label}
          </MenuItem>
        ))}
      </MenuGroup>
      <MenuGroup label="Times in">
        {(['browser', 'utc'] as const).map((each) => (
          <MenuItem key={each} icon="clock" isChosen={zone === each} staysOpen onSelect={() => setZone(each)}>
            {each === 'utc' ? 'UTC' : `This browser (${zoneName(each)})`}
          </MenuItem>
        ))}
      </MenuGroup>
      <MenuItem icon="close" disabled={leave.isPending} onSelect={() => leave.mutate()}>
        Sign out
      </MenuItem>
    </Dropdown>
  )
}
