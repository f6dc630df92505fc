import { cleanup, render, screen } from '@testing-library/react'
import { afterEach, describe, expect, it } from 'vitest'
import { MiddleCut } from './MiddleCut.tsx'

afterEach(cleanup)

describe('MiddleCut', () => {
  it('holds the whole name, its end apart from what may be cut', () => {
    render(<MiddleCut text="db_client_operation_duration_seconds_bucket" />)
    const whole = screen.getByTitle('db_client_operation_duration_seconds_bucket')
    expect(whole.textContent).toBe('db_client_operation_duration_seconds_bucket')
    expect(whole.lastElementChild?.textContent).toBe('seconds_bucket')
  })

  it('leaves a short name whole', () => {
    render(<MiddleCut text="up" />)
    expect(screen.getByText('up').children).toHaveLength(0)
  })
})
