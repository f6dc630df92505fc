/** The top bar: where you are, search, the time range, help and the account. */
import { Link } from '@tanstack/react-router'
import { IconButton } from '../../ui/Button.tsx'
import { Icon } from '../../ui/Icon.tsx'
import { RangeBar } from '../range/index.ts'
import { usePlace } from '../session/index.ts'
import { AccountMenu } from './AccountMenu.tsx'
import { PlaceSwitcher } from './PlaceSwitcher.tsx'

export interface TopBarProps {
  readonly onMenu: () => void
  readonly onPalette: () => void
  readonly onHelp: () => void
}

export function TopBar({ onMenu, onPalette, onHelp }: TopBarProps) {
  const { project } = usePlace()
  const isMac = navigator.userAgent.includes('Mac')
  return (
    <header className="bw-top" data-shell>
      <IconButton icon="menu" label="Open navigation" className="bw-top__menu" onClick={onMenu} />
      <Link to="/p/$project" params={{ project: project.id }} className="bw-top__brand" aria-label="Bellwether, overview">
        <img src="/favicon.svg" alt="" width="22" height="22" />
        <span>Bellwether</span>
      </Link>
      <PlaceSwitcher />
      <button type="button" className="bw-top__search" onClick={onPalette} aria-label="Search and go" aria-keyshortcuts="Control+K Meta+K">
        <Icon name="search" size={14} />
        <span className="bw-top__search-text">Search or go to…</span>
        <kbd>{isMac ? '⌘K' : 'Ctrl K'}</kbd>
      </button>
      <RangeBar />
      <IconButton icon="help" label="Keyboard shortcuts (?)" className="bw-top__help" onClick={onHelp} />
      <AccountMenu />
    </header>
  )
}
