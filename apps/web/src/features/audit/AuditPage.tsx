import { Page } from '../../ui/Page.tsx'
import { Loading } from '../../ui/states.tsx'

export function AuditPage() {
  return (
    <Page title="AuditPage">
      <Loading label="AuditPage" />
    </Page>
  )
}
