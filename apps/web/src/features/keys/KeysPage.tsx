import { Page } from '../../ui/Page.tsx'
import { Loading } from '../../ui/states.tsx'

export function KeysPage() {
  return (
    <Page title="KeysPage">
      <Loading label="KeysPage" />
    </Page>
  )
}
