import { Page } from '../../ui/Page.tsx'
import { Loading } from '../../ui/states.tsx'

export function RefusedPage() {
  return (
    <Page title="RefusedPage">
      <Loading label="RefusedPage" />
    </Page>
  )
}
