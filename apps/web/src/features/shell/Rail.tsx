/** The left rail: groups and pages, the open one marked. */
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Icon } from '../../ui/Icon.tsx'
import { usePlace } from '../session/index.ts'
import { allPages, navigation, type NavigationPage } from './navigation.ts'

interface RailLinkProps {
  readonly page: NavigationPage
  readonly onNavigate: (() => void) | undefined
  readonly children: ReactNode
}

function RailLink({ page, onNavigate, children }: RailLinkProps) {
  const { project } = usePlace()
  return (
    <Link
      to={page.to}
      params={{ project: project.id }}
      className="bw-rail__link"
      onClick={onNavigate}
      activeOptions={{ exact: hasPagesBelow(page), includeSearch: false }}
      activeProps={{ className: 'bw-rail__link--open' }}
    >
      {children}
    </Link>
  )
}

/** Its address is the beginning of another one's, which is no part of it. */
function hasPagesBelow({ to }: NavigationPage): boolean {
  return allPages.some((other) => other.to.startsWith(`${to}/`))
}

/** `onNavigate`: a link was followed; the drawer of a phone then closes. */
export function Rail({ onNavigate }: { readonly onNavigate?: () => void }) {
  return (
    <ul className="bw-rail__groups">
      {navigation.map((group) => {
        const only = group.pages.length === 1 && group.pages[0]?.label === group.label ? group.pages[0] : null
        return (
          <li key={group.label} className="bw-rail__group">
            {only !== null ? (
              <RailLink page={only} onNavigate={onNavigate}>
                <Icon name={group.icon} />
                {group.label}
              </RailLink>
            ) : (
              <>
                <span className="bw-rail__title">
                  <Icon name={group.icon} />
                  {group.label}
                </span>
                <ul aria-label={group.label}>
                  {group.pages.map((page) => (
                    <li key={page.to}>
                      <RailLink page={page} onNavigate={onNavigate}>
                        <span className="bw-rail__indent">{page.label}</span>
                      </RailLink>
                    </li>
                  ))}
                </ul>
              </>
            )}
          </li>
        )
      })}
    </ul>
  )
}
