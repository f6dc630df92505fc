/** Where the time of the trace went: shares of the critical path in one bar. The answer before anyone opens a span. */
import { useMemo } from 'react'
import { pathShares } from './model/critical-path.ts'
import { formatNs } from './trace-words.ts'
import type { TraceView } from './use-trace-view.ts'
import { isMissing } from './model/trace-tree.ts'

/** Shares with words of their own. */
const namedMax = 5

export function TimeShares({ view }: { readonly view: TraceView }) {
  const { model } = view
  const shares = useMemo(() => pathShares(model.tree, model.path), [model])
  if (shares.length === 0) return null
  const named = shares.slice(0, namedMax)
  const rest = shares.slice(namedMax)
  const restShare = rest.reduce((sum, each) => sum + each.share, 0)
  const color = (node: number): string => (isMissing(model.tree, node) ? 'var(--bw-border-strong)' : view.colorOf(node))
  return (
    <div className="bw-shares" role="group" aria-label="Where the time went">
      <span className="bw-shares__title">Where the time went</span>
      <div className="bw-shares__bar" aria-hidden="true">
        {shares.map(({ service, name, share, example }) => (
          <span key={`${service} ${name}`} style={{ width: `${share * 100}%`, background: color(example) }} title={`${service} ${name}`} />
        ))}
      </div>
      <ul className="bw-shares__list">
        {named.map(({ service, name, share, ownNs, count, example }) => (
          <li key={`${service} ${name}`}>
            <button type="button" onClick={() => view.openSpan(example)} title={`${service}: ${name}. Opens the longest one.`}>
              <span className="bw-swatch" style={{ background: color(example) }} />
              <strong>{Math.round(share * 100)} %</strong>
              <span className="bw-shares__name">
                <span className="bw-dim">{service}</span> {name}
              </span>
              <span className="bw-dim">
                {formatNs(ownNs)}
                {count > 1 ? ` · ${count.toLocaleString('en-US')}×` : ''}
              </span>
            </button>
          </li>
        ))}
        {rest.length > 0 && (
          <li className="bw-dim">
            {Math.round(restShare * 100)} % in {rest.length.toLocaleString('en-US')} more
          </li>
        )}
      </ul>
    </div>
  )
}
