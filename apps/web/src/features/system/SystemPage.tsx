import { Page } from '../../ui/Page.tsx'
import { Loading } from '../../ui/states.tsx'

export function SystemPage() {
  return (
    <Page title="SystemPage">
      <Loading label="SystemPage" />
    </Page>
  )
}
