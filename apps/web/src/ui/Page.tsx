/** A page: its title takes the focus on navigation, names the tab, and stands above one column of sections. */
import { useEffect, useRef, type ReactNode } from 'react'
import './page.css'

export interface PageProps {
  readonly title: string
  /** One line: which question this page answers. */
  readonly lead?: ReactNode
  readonly actions?: ReactNode
  readonly children: ReactNode
  /** Full width, without a reading limit. */
  readonly wide?: boolean
}

export function Page({ title, lead, actions, children, wide = false }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · Bellwether`
  }, [title])
  useEffect(() => {
    // A field that asked for the focus keeps it.
    const active = document.activeElement
    if (active === null || active === document.body || active.closest('[data-shell]') !== null)
      heading.current?.focus({ preventScroll: true })
  }, [])
  return (
    <div className={wide ? 'bw-page bw-page--wide' : 'bw-page'}>
      <header className="bw-page__head">
        <div className="bw-page__titles">
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {lead !== undefined && <p className="bw-page__lead">{lead}</p>}
        </div>
        {actions !== undefined && <div className="bw-page__actions">{actions}</div>}
      </header>
      {children}
    </div>
  )
}

export interface SectionProps {
  readonly title: string
  readonly note?: ReactNode
  readonly actions?: ReactNode
  readonly children: ReactNode
  readonly className?: string
}

/** A part of a page with its own heading: a one-pixel border, no card inside a card. */
export function Section({ title, note, actions, children, className }: SectionProps) {
  return (
    <section className={`bw-section ${className ?? ''}`} aria-label={title}>
      <header className="bw-section__head">
        <h2>{title}</h2>
        {note !== undefined && <span className="bw-section__note">{note}</span>}
        {actions !== undefined && <div className="bw-section__actions">{actions}</div>}
      </header>
      {children}
    </section>
  )
}
