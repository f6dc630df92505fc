/** How full something is: a bar with its numbers in words. */
import './meter.css'

export interface MeterProps {
  readonly label: string
  readonly used: number
  readonly total: number
  readonly text: string
  /** Shares of the whole from which it is amber and red. */
  readonly warnFrom?: number
  readonly downFrom?: number
}

export function Meter({ label, used, total, text, warnFrom = 0.8, downFrom = 0.95 }: MeterProps) {
  const share = total > 0 ? Math.max(0, Math.min(1, used / total)) : 0
  const tone = share >= downFrom ? 'down' : share >= warnFrom ? 'warn' : 'ok'
  return (
    <div className="bw-meter">
      <div className="bw-meter__text">
        <span>{label}</span>
        <span className="bw-dim">{text}</span>
      </div>
      <div
        className="bw-meter__bar"
        role="meter"
        aria-label={label}
        aria-valuenow={Math.round(share * 100)}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuetext={text}
      >
        <div className={`bw-meter__fill bw-meter__fill--${tone}`} style={{ width: `${share * 100}%` }} />
      </div>
    </div>
  )
}
