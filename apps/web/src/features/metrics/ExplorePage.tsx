import { Page } from '../../ui/Page.tsx'
import { Loading } from '../../ui/states.tsx'

export function ExplorePage() {
  return (
    <Page title="ExplorePage">
      <Loading label="ExplorePage" />
    </Page>
  )
}
