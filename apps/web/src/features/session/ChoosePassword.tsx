/** Choosing the first password, checked while typing. */
import { passwordLengthMin } from '@bellwether/protocol'
import { PasswordInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { Button } from '../../ui/Button.tsx'
import { passwordProblem } from './password-model.ts'
import { SessionCard } from './SessionCard.tsx'
import { changePassword, sessionQuery } from './session.queries.ts'

export function ChoosePassword({ email, onDone }: { readonly email: string | null; readonly onDone: () => void }) {
  const client = useQueryClient()
  const [password, setPassword] = useState('')
  const [repeated, setRepeated] = useState('')
  const save = useMutation({
    mutationFn: () => changePassword(null, password),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: sessionQuery.queryKey })
      onDone()
    },
  })
  const problem = passwordProblem(password, null)
  const differs = repeated !== '' && repeated !== password
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (passwordProblem(password, repeated) === null && !save.isPending) save.mutate()
  }
  return (
    <SessionCard title="Choose a password">
      <p className="bw-dim">You are signed in{email === null ? '' : ` as ${email}`}. With a password you can come back from any browser.</p>
      <form className="bw-session__form" onSubmit={submit}>
        <input type="text" name="username" autoComplete="username" value={email ?? ''} readOnly hidden />
        <PasswordInput
          label="Password"
          name="new-password"
          autoComplete="new-password"
          autoFocus
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          description={`At least ${passwordLengthMin} characters. Four random words make a good one.`}
          error={password !== '' && problem !== null ? problem : null}
        />
        <PasswordInput
          label="The same again"
          name="repeat-password"
          autoComplete="new-password"
          value={repeated}
          onChange={(event) => setRepeated(event.currentTarget.value)}
          error={differs ? 'The two passwords differ.' : null}
        />
        {save.isError && (
          <p className="bw-session__error" role="alert">
            {save.error.message}
          </p>
        )}
        <Button variant="primary" type="submit" busy={save.isPending} disabled={passwordProblem(password, repeated) !== null}>
          {save.isPending ? 'Saving…' : 'Save and go on'}
        </Button>
      </form>
    </SessionCard>
  )
}
