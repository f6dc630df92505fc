/** A signal that fires when time is up or another one does, whatever comes first. */
import type { Clock } from '../kernel/clock.ts'
import { FetchFailed } from './http-client.ts'
import { formatDuration } from './quantities.ts'

export interface Deadline extends Disposable {
  readonly signal: AbortSignal
}

/** To be disposed of when what it bounds is over. */
export function deadline(clock: Pick<Clock, 'after'>, timeoutMs: number, other: AbortSignal): Deadline {
  const controller = new AbortController()
  const passOn = (): void => controller.abort(other.reason)
  other.addEventListener('abort', passOn)
  if (other.aborted) passOn()
  const timer = clock.after(timeoutMs, () => controller.abort(new FetchFailed(`it took longer than ${formatDuration(timeoutMs)}`)))
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      timer[Symbol.dispose]()
      other.removeEventListener('abort', passOn)
    },
  }
}
