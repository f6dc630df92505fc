import { Page } from '../../ui/Page.tsx'
import { Loading } from '../../ui/states.tsx'

export function TokensPage() {
  return (
    <Page title="TokensPage">
      <Loading label="TokensPage" />
    </Page>
  )
}
