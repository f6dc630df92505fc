/** One's own account: who one is, and a new password. */
import { PasswordInput } from '@mantine/core'
import { passwordLengthMin } from '@bellwether/protocol'
import { useMutation } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { ApiError } from '../../lib/http.ts'
import { Button } from '../../ui/Button.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { Page, Section } from '../../ui/Page.tsx'
import { Failure } from '../../ui/states.tsx'
import { changePassword, passwordProblem, usePlace } from '../session/index.ts'

export function AccountPage() {
  const { session } = usePlace()
  return (
    <Page title="Your account">
      <Section title="You">
        <dl className="bw-section__body bw-facts">
          <div>
            <dt>Name</dt>
            <dd>{session.caller.name}</dd>
          </div>
          <div>
            <dt>E-mail</dt>
            <dd>{session.caller.email ?? 'none'}</dd>
          </div>
          {session.organizations.map((organization) => (
            <div key={organization.id}>
              <dt>{organization.name}</dt>
              <dd>{organization.role}</dd>
            </div>
          ))}
        </dl>
      </Section>
      {session.caller.kind === 'user' && <NewPassword email={session.caller.email ?? ''} />}
    </Page>
  )
}

function NewPassword({ email }: { readonly email: string }) {
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const change = useMutation({
    mutationFn: () => changePassword(current, next),
    onSuccess: () => {
      setCurrent('')
      setNext('')
    },
  })
  const problem = passwordProblem(next, null)
  const wrong = change.error instanceof ApiError && change.error.status === 401
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (problem === null && current !== '' && !change.isPending) change.mutate()
  }
  return (
    <Section title="New password" note="your other sessions end">
      <form className="bw-section__body bw-form bw-narrow" onSubmit={submit}>
        <input type="text" name="username" autoComplete="username" value={email} readOnly hidden />
        <PasswordInput
          label="Current password"
          autoComplete="current-password"
          value={current}
          onChange={(event) => setCurrent(event.currentTarget.value)}
          error={wrong ? 'This is not your current password.' : null}
        />
        <PasswordInput
          label="New password"
          autoComplete="new-password"
          description={`At least ${passwordLengthMin} characters. Four random words make a good one.`}
          value={next}
          onChange={(event) => setNext(event.currentTarget.value)}
          error={next !== '' && problem !== null ? problem : null}
        />
        {change.isError && !wrong && <Failure compact error={change.error} title="The password was not changed" />}
        {change.isSuccess && next === '' && (
          <Notice tone="ok" icon="check">
            <p>Your password is changed.</p>
          </Notice>
        )}
        <div>
          <Button variant="primary" type="submit" disabled={problem !== null || current === ''} busy={change.isPending}>
            Change password
          </Button>
        </div>
      </form>
    </Section>
  )
}
