import { Page } from '../../ui/Page.tsx'
import { Loading } from '../../ui/states.tsx'

export function SourcesPage() {
  return (
    <Page title="SourcesPage">
      <Loading label="SourcesPage" />
    </Page>
  )
}
