/** Sign in with e-mail and password. */
import { PasswordInput, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { ApiError } from '../../lib/http.ts'
import { Button } from '../../ui/Button.tsx'
import { SessionCard } from './SessionCard.tsx'
import { sessionQuery, signIn } from './session.queries.ts'

/** What to tell someone whose sign-in failed. */
function explain(error: unknown): string {
  if (error instanceof ApiError) {
    if (error.status === 401) return 'E-mail and password do not belong together. Check both and try again.'
    if (error.status === 429) return `Too many attempts. Wait ${error.retryAfterSec ?? 60} s and try again.`
    return error.hint === null ? error.message : `${error.message} ${error.hint}`
  }
  return 'This did not work. Try again.'
}

export interface SignInPageProps {
  /** True when the session ended while someone was working. */
  readonly expired: boolean
  readonly onSignedIn: () => void
}

export function SignInPage({ expired, onSignedIn }: SignInPageProps) {
  const client = useQueryClient()
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const attempt = useMutation({
    mutationFn: () => signIn(email.trim(), password),
    onSuccess: (session) => {
      client.setQueryData(sessionQuery.queryKey, session)
      onSignedIn()
    },
  })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (!attempt.isPending) attempt.mutate()
  }
  return (
    <SessionCard title="Sign in">
      {expired && !attempt.isError && <p className="bw-session__note">Your session has ended. Sign in to go on where you were.</p>}
      <form className="bw-session__form" onSubmit={submit}>
        <TextInput
          label="E-mail"
          type="email"
          name="email"
          autoComplete="username"
          required
          autoFocus
          withAsterisk={false}
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <PasswordInput
          label="Password"
          name="password"
          autoComplete="current-password"
          required
          withAsterisk={false}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        {attempt.isError && (
          <p className="bw-session__error" role="alert">
            {explain(attempt.error)}
          </p>
        )}
        <Button variant="primary" type="submit" busy={attempt.isPending}>
          {attempt.isPending ? 'Signing in…' : 'Sign in'}
        </Button>
      </form>
      <p className="bw-session__foot">
        First time here? Bellwether prints a sign-in link at every start until a password is set; that one, or one that an admin gave you,
        signs you in without a password.
      </p>
    </SessionCard>
  )
}
