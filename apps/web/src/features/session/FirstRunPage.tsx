/** The one-time sign-in link: exchange the token, choose a password, go in. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { ApiError } from '../../lib/http.ts'
import { Button } from '../../ui/Button.tsx'
import { Loading } from '../../ui/states.tsx'
import { ChoosePassword } from './ChoosePassword.tsx'
import { SessionCard } from './SessionCard.tsx'
import { exchangeToken, sessionQuery } from './session.queries.ts'

export interface FirstRunPageProps {
  readonly token: string | null
  readonly onDone: () => void
  readonly onSignIn: () => void
}

export function FirstRunPage({ token, onDone, onSignIn }: FirstRunPageProps) {
  const session = useQuery(sessionQuery)
  if (session.isPending) {
    return (
      <SessionCard title="Welcome">
        <Loading label="your session" rows={2} />
      </SessionCard>
    )
  }
  const signedIn = session.data ?? null
  if (signedIn !== null && !signedIn.passwordIsSet) return <ChoosePassword email={signedIn.caller.email} onDone={onDone} />
  if (signedIn !== null) {
    return (
      <SessionCard title="You are in">
        <p>
          Signed in as <strong>{signedIn.caller.name}</strong>. This link is not needed any more.
        </p>
        <Button variant="primary" onClick={onDone}>
          Go to the overview
        </Button>
      </SessionCard>
    )
  }
  return <Exchange token={token} onSignIn={onSignIn} />
}

/** A press of a button, not the visit alone, uses the token up: link previews must not. */
function Exchange({ token, onSignIn }: { readonly token: string | null; readonly onSignIn: () => void }) {
  const client = useQueryClient()
  const exchange = useMutation({
    mutationFn: (text: string) => exchangeToken(text),
    onSuccess: (session) => client.setQueryData(sessionQuery.queryKey, session),
  })
  const refused = exchange.error instanceof ApiError && exchange.error.status > 0 && exchange.error.status < 500
  if (token === null || refused) {
    return (
      <SessionCard title="This link does not work">
        <p>{token === null ? 'Its address is incomplete.' : 'A sign-in link works once and for a limited time.'}</p>
        <p className="bw-dim">
          Copy the whole address that the server printed or an admin gave you. If you have chosen a password already, sign in with it.
        </p>
        <Button variant="primary" onClick={onSignIn}>
          Sign in with a password
        </Button>
      </SessionCard>
    )
  }
  return (
    <SessionCard title="Welcome to Bellwether">
      <p>This link signs you in once. On the next screen you choose the password for later.</p>
      {exchange.isError && (
        <p className="bw-session__error" role="alert">
          {exchange.error.message}
        </p>
      )}
      <Button variant="primary" autoFocus busy={exchange.isPending} onClick={() => exchange.mutate(token)}>
        {exchange.isPending ? 'Signing in…' : 'Continue'}
      </Button>
    </SessionCard>
  )
}
