/** The frame around every page of a project: rail, top bar, keys, and the page in the middle. */
import { lazy, Suspense, useState, type ReactNode } from 'react'
import { Rail } from './Rail.tsx'
import { TopBar } from './TopBar.tsx'
import { useShellKeys } from './use-shell-keys.ts'
import './shell.css'

const Palette = lazy(async () => ({ default: (await import('./Palette.tsx')).Palette }))
const RailDrawer = lazy(async () => ({ default: (await import('./RailDrawer.tsx')).RailDrawer }))
const KeyHelp = lazy(async () => ({ default: (await import('./KeyHelp.tsx')).KeyHelp }))

export type ShellPanel = 'palette' | 'help' | null

export function Shell({ children }: { readonly children: ReactNode }) {
  const [panel, setPanel] = useState<ShellPanel>(null)
  const [railOpen, setRailOpen] = useState(false)
  useShellKeys(setPanel)
  return (
    <div className="bw-shell">
      <a className="bw-skip" href="#content">
        Skip to the content
      </a>
      <nav className="bw-rail" aria-label="Main" data-shell>
        <Rail />
      </nav>
      <TopBar onMenu={() => setRailOpen(true)} onPalette={() => setPanel('palette')} onHelp={() => setPanel('help')} />
      <main id="content" className="bw-main" tabIndex={-1}>
        {children}
      </main>
      <Suspense fallback={null}>
        {railOpen && <RailDrawer onClose={() => setRailOpen(false)} />}
        {panel === 'palette' && <Palette onClose={() => setPanel(null)} />}
        {panel === 'help' && <KeyHelp onClose={() => setPanel(null)} />}
      </Suspense>
    </div>
  )
}
