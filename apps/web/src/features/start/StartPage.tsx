import { Page } from '../../ui/Page.tsx'
import { Loading } from '../../ui/states.tsx'

export function StartPage() {
  return (
    <Page title="StartPage">
      <Loading label="StartPage" />
    </Page>
  )
}
