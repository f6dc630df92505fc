/** The frame of the screens before someone is in: the name, one question, nothing else. */
import { useEffect, type ReactNode } from 'react'
import './session.css'

export function SessionCard({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Bellwether`
  }, [title])
  return (
    <main className="bw-session">
      <div className="bw-session__card">
        <div className="bw-session__brand">
          <img src="/favicon.svg" alt="" width="28" height="28" />
          <span>Bellwether</span>
        </div>
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  )
}
