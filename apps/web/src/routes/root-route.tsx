/** The root of all routes: what an unknown address and a crashed page look like. */
import type { QueryClient } from '@tanstack/react-query'
import { createRootRouteWithContext, Link, Outlet, useRouter, type ErrorComponentProps } from '@tanstack/react-router'
import { Button } from '../ui/Button.tsx'
import { Page } from '../ui/Page.tsx'
import { Empty, Failure } from '../ui/states.tsx'

export interface RouterContext {
  readonly client: QueryClient
}

export function NotFound() {
  return (
    <main>
      <Page title="Nothing here">
        <Empty title="This address leads nowhere" icon="search" action={<Link to="/">Go to the overview</Link>}>
          <p>It may be from a newer version, or the project is not yours to see.</p>
        </Empty>
      </Page>
    </main>
  )
}

export function PageError({ error, reset }: ErrorComponentProps) {
  const router = useRouter()
  const retry = (): void => {
    reset()
    void router.invalidate()
  }
  return (
    <Page title="This page could not be shown">
      <Failure error={error} title="Something went wrong" onRetry={retry} />
      <p>
        <Button onClick={() => location.reload()}>Reload the page</Button>
      </p>
    </Page>
  )
}

export const rootRoute = createRootRouteWithContext<RouterContext>()({
  component: Outlet,
  notFoundComponent: NotFound,
  errorComponent: PageError,
})
