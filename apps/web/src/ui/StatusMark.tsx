/** A state as colour, shape and word together, so that colour is never alone. */
import './status-mark.css'

export type Tone = 'ok' | 'warn' | 'down' | 'unknown' | 'paused'

const shapes: Readonly<Record<Tone, string>> = {
  ok: 'M5 .8a4.2 4.2 0 1 0 0 8.4A4.2 4.2 0 0 0 5 .8z',
  warn: 'M5 .6l4.7 8.6H.3z',
  down: 'M1 1h8v8H1z',
  unknown: 'M5 .4L9.6 5 5 9.6.4 5z',
  paused: 'M1.5 1h2.5v8H1.5zM6 1h2.5v8H6z',
}

export interface StatusMarkProps {
  readonly tone: Tone
  readonly label: string
  readonly hideLabel?: boolean
}

export function StatusMark({ tone, label, hideLabel = false }: StatusMarkProps) {
  return (
    <span className={`bw-status bw-status--${tone}`}>
      <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
        <path d={shapes[tone]} fill="currentColor" />
      </svg>
      <span className={hideLabel ? 'bw-sr' : 'bw-status__label'}>{label}</span>
    </span>
  )
}

export function Tag({ children, tone }: { readonly children: string; readonly tone?: Tone | 'accent' }) {
  return <span className={`bw-tag ${tone === undefined ? '' : `bw-tag--${tone}`}`}>{children}</span>
}
