import { Page } from '../../ui/Page.tsx'
import { Loading } from '../../ui/states.tsx'

export function UsagePage() {
  return (
    <Page title="UsagePage">
      <Loading label="UsagePage" />
    </Page>
  )
}
