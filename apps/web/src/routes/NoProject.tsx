/** Signed in, but in no project: says who can change that. */
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { signOut } from '../features/session/index.ts'
import { Button } from '../ui/Button.tsx'
import { Page } from '../ui/Page.tsx'
import { Empty } from '../ui/states.tsx'

export function NoProject() {
  const client = useQueryClient()
  const navigate = useNavigate()
  const leave = (): void => {
    void signOut(client).finally(() => void navigate({ to: '/sign-in', search: {} }))
  }
  return (
    <main>
      <Page title="No project yet">
        <Empty title="You are not in any project" icon="user" action={<Button onClick={leave}>Sign out</Button>}>
          <p>Ask an owner or admin of your organization to add you to a project or to one of its teams.</p>
        </Empty>
      </Page>
    </main>
  )
}
