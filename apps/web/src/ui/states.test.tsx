import { act, cleanup, render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ApiError } from '../lib/http.ts'
import { Empty, Failure, Loading } from './states.tsx'

afterEach(() => {
  cleanup()
  vi.useRealTimers()
})

describe('Loading', () => {
  it('shows nothing at first, a skeleton after 200 ms and a way out after a second', () => {
    vi.useFakeTimers()
    const { container } = render(<Loading label="metrics" rows={3} onCancel={() => undefined} />)
    expect(screen.getByRole('status', { name: 'Loading metrics' })).toBeTruthy()
    expect(container.querySelectorAll('.bw-skeleton')).toHaveLength(0)
    act(() => void vi.advanceTimersByTime(250))
    expect(container.querySelectorAll('.bw-skeleton')).toHaveLength(3)
    expect(screen.queryByRole('button', { name: 'Cancel' })).toBeNull()
    act(() => void vi.advanceTimersByTime(800))
    expect(screen.getByRole('button', { name: 'Cancel' })).toBeTruthy()
  })

  it('says why it takes so long after five seconds', () => {
    vi.useFakeTimers()
    render(<Loading label="metrics" late={<p>still asking</p>} />)
    act(() => void vi.advanceTimersByTime(4_900))
    expect(screen.queryByText('still asking')).toBeNull()
    act(() => void vi.advanceTimersByTime(200))
    expect(screen.getByText('still asking')).toBeTruthy()
  })
})

describe('Failure', () => {
  it('says what, whose fault, what to do, the request, and tries again', async () => {
    const retry = vi.fn()
    const error = new ApiError(429, {
      code: 'query.too_many_series',
      message: 'Over 100,000 series.',
      hint: 'Add a filter.',
      requestId: 'r-7',
    })
    render(<Failure error={error} title="No answer" onRetry={retry} />)
    const alert = screen.getByRole('alert')
    for (const text of ['No answer', 'Limit', 'Over 100,000 series.', 'Add a filter.', 'query.too_many_series', 'r-7'])
      expect(alert.textContent).toContain(text)
    await userEvent.click(screen.getByRole('button', { name: 'Try again' }))
    expect(retry).toHaveBeenCalledOnce()
  })

  it('turns a 403 into who can give the right', () => {
    render(<Failure error={new ApiError(403, { code: 'accounts.forbidden', message: 'Not yours.' })} title="Keys" />)
    expect(screen.queryByRole('alert')).toBeNull()
    expect(document.body.textContent).toContain('owner or admin')
  })
})

describe('Empty', () => {
  it('teaches and offers the next step', () => {
    render(
      <Empty title="No key yet" action={<button type="button">Create</button>}>
        <p>A key lets data in.</p>
      </Empty>,
    )
    expect(document.body.textContent).toContain('A key lets data in.')
    expect(screen.getByRole('button', { name: 'Create' })).toBeTruthy()
  })
})
