/** Addresses before someone is in: the way in, the one-time link, and the front door that leads to the last project. */
import { createRoute, redirect, useNavigate, useRouter } from '@tanstack/react-router'
import { lazy } from 'react'
import { firstPlace, sessionQuery } from '../features/session/index.ts'
import { lastProject } from '../lib/preferences.ts'
import { oneOf } from '../lib/search-params.ts'
import { NoProject } from './NoProject.tsx'
import { rootRoute } from './root-route.tsx'

const SignInPage = lazy(async () => ({ default: (await import('../features/session/SignInPage.tsx')).SignInPage }))
const FirstRunPage = lazy(async () => ({ default: (await import('../features/session/FirstRunPage.tsx')).FirstRunPage }))

/** Only addresses of our own pages: `next` must not lead to another site. */
export function safeNext(next: string | undefined): string {
  return next !== undefined && /^\/(?![/\\])/.test(next) && !next.startsWith('/sign-in') ? next : '/'
}

export const indexRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  beforeLoad: async ({ context }) => {
    const session = await context.client.ensureQueryData(sessionQuery)
    if (session === null) throw redirect({ to: '/sign-in', search: {} })
    if (!session.passwordIsSet && session.caller.kind === 'user') throw redirect({ to: '/first-run', search: {} })
    const place = firstPlace(session, lastProject())
    if (place !== null) throw redirect({ to: '/p/$project', params: { project: place.project.id } })
  },
  component: NoProject,
})

export const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  validateSearch: (search: Record<string, unknown>): { next?: string } => {
    const next = oneOf(search['next'])
    return next === undefined ? {} : { next }
  },
  component: function SignInRoute() {
    const { next } = signInRoute.useSearch()
    const router = useRouter()
    return <SignInPage expired={next !== undefined && safeNext(next) !== '/'} onSignedIn={() => router.history.replace(safeNext(next))} />
  },
})

export const firstRunRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/first-run',
  validateSearch: (search: Record<string, unknown>): { token?: string } => {
    const token = oneOf(search['token'])
    return token === undefined ? {} : { token }
  },
  component: function FirstRunRoute() {
    const { token } = firstRunRoute.useSearch()
    const navigate = useNavigate()
    return (
      <FirstRunPage
        token={token ?? null}
        onDone={() => void navigate({ to: '/', replace: true })}
        onSignIn={() => void navigate({ to: '/sign-in', search: {}, replace: true })}
      />
    )
  },
})
