/** The account: who is signed in, light or dark, the zone of times, the way out. */
import { Menu, useMantineColorScheme } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useZone } from '../../lib/preferences.ts'
import { zoneName } from '../../lib/time-format.ts'
import { IconButton } from '../../ui/Button.tsx'
import { Icon, type IconName } from '../../ui/Icon.tsx'
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
  const navigate = useNavigate()
  const client = useQueryClient()
  const leave = useMutation({
    mutationFn: () => signOut(client),
    onSettled: () => void navigate({ to: '/sign-in' }),
  })
  const chosen = <Icon name="check" size={14} />
  return (
    <Menu position="bottom-end" shadow="md" width={240}>
      <Menu.Target>
        <IconButton icon="user" label="Account" />
      </Menu.Target>
      <Menu.Dropdown>
        <div className="bw-account">
          <strong className="bw-truncate">{session.caller.name}</strong>
          <span className="bw-dim bw-truncate">{session.caller.email}</span>
          <span className="bw-dim">
            {organization.role} of {organization.name}
          </span>
        </div>
        <Menu.Item onClick={() => void navigate({ to: '/p/$project/settings/account', params: { project: project.id } })}>Your account</Menu.Item>
        <Menu.Divider />
        <Menu.Label>Look</Menu.Label>
        {schemes.map((scheme) => (
          <Menu.Item
            key={scheme.value}
            leftSection={<Icon name={scheme.icon} size={14} />}
            rightSection={colorScheme === scheme.value ? chosen : null}
            aria-current={colorScheme === scheme.value || undefined}
            onClick={() => setColorScheme(scheme.value)}
            closeMenuOnClick={false}
          >
            {scheme.label}
          </Menu.Item>
        ))}
        <Menu.Label>Times in</Menu.Label>
        {(['browser', 'utc'] as const).map((each) => (
          <Menu.Item key={each} rightSection={zone === each ? chosen : null} aria-current={zone === each || undefined} onClick={() => setZone(each)} closeMenuOnClick={false}>
            {each === 'utc' ? 'UTC' : `This browser (${zoneName(each)})`}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={() => leave.mutate()} disabled={leave.isPending}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
