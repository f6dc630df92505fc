/** received = stored + refused + dropped + queued, checking itself. */
import { Fragment } from 'react'
import { formatCount } from '../../lib/units.ts'
import { StatusMark } from '../../ui/StatusMark.tsx'
import type { Balance } from './usage.queries.ts'
import './equation.css'

const parts = ['stored', 'refused', 'dropped', 'queued'] as const

export function Equation({ balance }: { readonly balance: Balance }) {
  const spoken = `received ${balance.received} is stored ${balance.stored} plus refused ${balance.refused} plus dropped ${balance.dropped} plus queued ${balance.queued}`
  return (
    <div className="bw-equation">
      <p className="bw-sr">{spoken}</p>
      <div className="bw-equation__terms" aria-hidden="true">
        <Term name="received" value={balance.received} />
        {parts.map((part, index) => (
          <Fragment key={part}>
            <span className="bw-equation__sign">{index === 0 ? '=' : '+'}</span>
            <Term name={part} value={balance[part]} isBad={(part === 'refused' || part === 'dropped') && balance[part] > 0} />
          </Fragment>
        ))}
      </div>
      {balance.missing === 0 ? (
        <StatusMark tone="ok" label="adds up" />
      ) : (
        <StatusMark
          tone="down"
          label={`${formatCount(Math.abs(balance.missing))} ${balance.missing > 0 ? 'unaccounted for' : 'counted twice'}`}
        />
      )}
    </div>
  )
}

function Term({ name, value, isBad = false }: { readonly name: string; readonly value: number; readonly isBad?: boolean }) {
  return (
    <span className="bw-equation__term">
      <span className={`bw-equation__value ${isBad ? 'bw-equation__value--bad' : ''}`} title={value.toLocaleString('en-US')}>
        {formatCount(value)}
      </span>
      <span className="bw-equation__name">{name}</span>
    </span>
  )
}
