/** Buttons: one primary on a screen, plain ones for the rest, quiet ones inside tables and bars. */
import type { ButtonHTMLAttributes, ReactNode } from 'react'
import { Icon, type IconName } from './Icon.tsx'
import './button.css'

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly variant?: 'primary' | 'plain' | 'quiet' | 'danger'
  readonly small?: boolean
  readonly icon?: IconName
  readonly busy?: boolean
  readonly children?: ReactNode
}

/** A button. While `busy` it keeps its place and cannot be pressed again. */
export function Button({ variant = 'plain', small = false, icon, busy = false, children, className, disabled, ...rest }: ButtonProps) {
  const classes = ['bw-btn', `bw-btn--${variant}`, small ? 'bw-btn--small' : '', className ?? ''].join(' ')
  return (
    <button type="button" className={classes} disabled={disabled === true || busy} aria-busy={busy || undefined} {...rest}>
      {icon !== undefined && <Icon name={icon} size={small ? 14 : 16} />}
      {children !== undefined && <span>{children}</span>}
    </button>
  )
}

export interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly icon: IconName
  /** What it does; read aloud and shown on hover. */
  readonly label: string
  readonly small?: boolean
}

export function IconButton({ icon, label, small = false, className, ...rest }: IconButtonProps) {
  const classes = ['bw-icon-btn', small ? 'bw-icon-btn--small' : '', className ?? ''].join(' ')
  return (
    <button type="button" className={classes} aria-label={label} title={label} {...rest}>
      <Icon name={icon} size={small ? 14 : 16} />
    </button>
  )
}
