/** How a figure changed, with a sign and a word besides the colour. */
import type { Change } from './performance-words.ts'

export function ChangeMark({ change }: { readonly change: Change | null }) {
  if (change === null || change.tone === 'same') return null
  return (
    <span className={`bw-perf-change bw-perf-change--${change.tone}`} title={`${change.text} against the same time before`}>
      {change.text}
      <span className="bw-sr"> {change.tone}</span>
    </span>
  )
}
