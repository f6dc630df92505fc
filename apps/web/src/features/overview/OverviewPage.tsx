import { Page } from '../../ui/Page.tsx'
import { Loading } from '../../ui/states.tsx'

export function OverviewPage() {
  return (
    <Page title="OverviewPage">
      <Loading label="OverviewPage" />
    </Page>
  )
}
