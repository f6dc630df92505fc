import { Page } from '../../ui/Page.tsx'
import { Loading } from '../../ui/states.tsx'

export function MembersPage() {
  return (
    <Page title="MembersPage">
      <Loading label="MembersPage" />
    </Page>
  )
}
