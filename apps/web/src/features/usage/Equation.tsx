/** received = stored + refused + dropped + queued, checking itself. */
import { Fragment } from 'react'
import { formatCount } from '../../lib/units.ts'
import { GapMark } from './GapMark.tsx'
import type { Balance } from './usage.queries.ts'
import './equation.css'

const parts = ['stored', 'refused', 'dropped', 'queued'] as const

export interface EquationProps {
  readonly balance: Balance
  /** Points that stay unaccounted for. */
  readonly lost: number
}

export function Equation({ balance, lost }: EquationProps) {
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
      <GapMark missing={balance.missing} lost={lost} />
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
