/** The dialog of `ConfirmTyped`; its own chunk, loaded when it is needed. */
import { Modal, TextInput } from '@mantine/core'
import { useState, type FormEvent, type ReactNode } from 'react'
import { Button } from './Button.tsx'
import { Failure } from './states.tsx'
import { useFocusBack } from './use-focus-back.ts'
import './form.css'

export interface ConfirmDialogProps {
  readonly title: string
  /** What has to be typed. */
  readonly name: string
  readonly action: string
  readonly busy: boolean
  readonly error: unknown
  readonly onConfirm: () => void
  readonly onClose: () => void
  /** What will happen. */
  readonly children: ReactNode
}

export function ConfirmDialog({ title, name, action, busy, error, onConfirm, onClose, children }: ConfirmDialogProps) {
  useFocusBack()
  const [typed, setTyped] = useState('')
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (typed === name && !busy) onConfirm()
  }
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ 'aria-label': 'Close' }}>
      <form className="bw-form" onSubmit={submit}>
        <div>{children}</div>
        <TextInput
          label={`Type “${name}” to go on`}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          data-autofocus
          autoComplete="off"
        />
        {error !== null && <Failure compact error={error} title="This did not work" />}
        <div className="bw-form__actions">
          <Button onClick={onClose}>Keep it</Button>
          <Button variant="danger" type="submit" disabled={typed !== name} busy={busy}>
            {action}
          </Button>
        </div>
      </form>
    </Modal>
  )
}
