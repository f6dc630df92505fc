/** The states every list and page can be in besides full: loading, empty, failed, not allowed. One look for all. */
import { useEffect, useState, type ReactNode } from 'react'
import { ApiError } from '../lib/http.ts'
import { Button } from './Button.tsx'
import { Icon, type IconName } from './Icon.tsx'
import './states.css'

/** True once `ms` have passed, so that quick answers never flash a skeleton. */
export function useDelay(ms: number): boolean {
  const [passed, setPassed] = useState(false)
  useEffect(() => {
    const timer = window.setTimeout(() => setPassed(true), ms)
    return () => window.clearTimeout(timer)
  }, [ms])
  return passed
}

export interface LoadingProps {
  /** What is being loaded, for screen readers. */
  readonly label: string
  readonly rows?: number
  /** Shown after a second, when the work can be given up. */
  readonly onCancel?: () => void
  /** Shown after five seconds: why it takes so long. */
  readonly late?: ReactNode
}

/** Nothing for 200 ms, then grey rows; after a second a way to give up, after five a word why. */
export function Loading({ label, rows = 4, onCancel, late }: LoadingProps) {
  const visible = useDelay(200)
  const slow = useDelay(1000)
  const isLate = useDelay(5000)
  return (
    <div className="bw-loading" role="status" aria-busy="true" aria-label={`Loading ${label}`} style={{ minHeight: rows * 32 }}>
      {visible &&
        Array.from({ length: rows }, (_, row) => <div key={row} className="bw-skeleton" style={{ width: `${92 - ((row * 17) % 40)}%` }} />)}
      {slow && onCancel !== undefined && (
        <Button small onClick={onCancel}>
          Cancel
        </Button>
      )}
      {isLate && late}
    </div>
  )
}

export interface EmptyProps {
  readonly title: string
  /** What would be here, why it is not, and the shortest way to fill it. */
  readonly children?: ReactNode
  readonly icon?: IconName
  readonly action?: ReactNode
}

export function Empty({ title, children, icon = 'data', action }: EmptyProps) {
  return (
    <div className="bw-empty">
      <Icon name={icon} size={22} />
      <p className="bw-empty__title">{title}</p>
      {children !== undefined && <div className="bw-empty__text">{children}</div>}
      {action !== undefined && <div className="bw-empty__action">{action}</div>}
    </div>
  )
}

export interface FailureProps {
  readonly error: unknown
  /** What could not be done: "Projects could not be loaded". */
  readonly title: string
  readonly onRetry?: () => void
  readonly compact?: boolean
}

function faultOf(error: ApiError): string {
  if (error.status === 0) return 'Connection'
  if (error.status === 429 || error.code.includes('too_many') || error.code === 'timeout') return 'Limit'
  return error.status >= 500 ? 'Server' : 'Request'
}

/** What failed, whose fault it is, what to do, and the id to quote. */
export function Failure({ error, title, onRetry, compact = false }: FailureProps) {
  const known = error instanceof ApiError ? error : null
  if (known?.status === 403) return <NoPermission what={title} message={known.message} />
  return (
    <div className={compact ? 'bw-failure bw-failure--compact' : 'bw-failure'} role="alert">
      <Icon name="warning" size={18} />
      <div className="bw-failure__body">
        <p className="bw-failure__title">{title}</p>
        <p>
          {known !== null && <span className="bw-failure__fault">{faultOf(known)}</span>}{' '}
          {error instanceof Error ? error.message : String(error)}
        </p>
        {known?.hint !== null && known?.hint !== undefined && <p className="bw-dim">{known.hint}</p>}
        {known !== null && (
          <p className="bw-failure__id">
            <code>{known.code}</code>
            {known.requestId !== null && (
              <>
                {' '}
                · request <code>{known.requestId}</code>
              </>
            )}
          </p>
        )}
      </div>
      {onRetry !== undefined && (
        <Button small icon="refresh" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  )
}

/** Not allowed, and who can change that. */
export function NoPermission({ what, message }: { readonly what: string; readonly message?: string }) {
  return (
    <Empty title="You may not see this" icon="key">
      <p>{message ?? what}</p>
      <p>An owner or admin of the organization can give you the right under Settings → Members.</p>
    </Empty>
  )
}
