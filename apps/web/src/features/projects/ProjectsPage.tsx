import { Page } from '../../ui/Page.tsx'
import { Loading } from '../../ui/states.tsx'

export function ProjectsPage() {
  return (
    <Page title="ProjectsPage">
      <Loading label="ProjectsPage" />
    </Page>
  )
}
