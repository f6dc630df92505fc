/** The severity of a row: a coloured bar and its word. */
import { severityName, severityText } from './severity.ts'
import './log-list.css'

export function SeverityMark({ severity }: { readonly severity: number }) {
  const name = severityName(severity)
  return (
    <span className={`bw-sev bw-sev--${name}`}>
      <span className="bw-sev__bar" aria-hidden="true" />
      {severityText(severity)}
    </span>
  )
}
