/** One field and one button: makes a thing by its name. */
import { TextInput } from '@mantine/core'
import { useState, type FormEvent, type ReactNode } from 'react'
import { Button } from './Button.tsx'
import { Failure } from './states.tsx'
import './form.css'

export interface NameFormProps {
  readonly label: string
  readonly placeholder: string
  readonly action: string
  readonly busy: boolean
  readonly error: unknown
  /** Rejects when it failed; the name is kept then. */
  readonly onSubmit: (name: string) => Promise<unknown>
  /** More fields beside the name. */
  readonly children?: ReactNode
  readonly isReady?: boolean
}

/** Longest name the server takes. */
const nameLengthMax = 100

export function NameForm({ label, placeholder, action, busy, error, onSubmit, children, isReady = true }: NameFormProps) {
  const [name, setName] = useState('')
  const ready = name.trim() !== '' && name.trim().length <= nameLengthMax && isReady
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (!ready || busy) return
    // A failure is shown from `error`.
    onSubmit(name.trim()).then(
      () => setName(''),
      () => undefined,
    )
  }
  return (
    <>
      <form className="bw-form-row" onSubmit={submit}>
        <TextInput
          label={label}
          placeholder={placeholder}
          value={name}
          maxLength={nameLengthMax}
          onChange={(event) => setName(event.currentTarget.value)}
          autoComplete="off"
        />
        {children}
        <Button variant="primary" type="submit" icon="plus" disabled={!ready} busy={busy}>
          {action}
        </Button>
      </form>
      {error !== null && error !== undefined && <Failure compact error={error} title="This did not work" />}
    </>
  )
}
