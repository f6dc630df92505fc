/** A message that stays on the page: what happened or what to know. */
import type { ReactNode } from 'react'
import { Icon, type IconName } from './Icon.tsx'
import './form.css'

export interface NoticeProps {
  readonly tone?: 'ok' | 'warn'
  readonly icon: IconName
  readonly title?: string
  readonly action?: ReactNode
  readonly children?: ReactNode
}

export function Notice({ tone, icon, title, action, children }: NoticeProps) {
  return (
    <div className={`bw-notice ${tone === undefined ? '' : `bw-notice--${tone}`}`} role="status">
      <Icon name={icon} size={18} />
      <div className="bw-notice__body">
        {title !== undefined && <strong>{title}</strong>}
        {children}
      </div>
      {action !== undefined && action !== null && <div className="bw-notice__action">{action}</div>}
    </div>
  )
}
