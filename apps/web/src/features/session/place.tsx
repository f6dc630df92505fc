/** The organization and project of the page that is open. Pages below `/p/<project>` always have one. */
import { createContext, useContext, type ReactNode } from 'react'
import type { Session } from '@bellwether/protocol'
import type { Place } from './session.queries.ts'

export interface OpenPlace extends Place {
  readonly session: Session
  /** `/api/0/projects/<id>` */
  readonly projectPath: string
  /** `/api/0/organizations/<id>` */
  readonly organizationPath: string
}

const PlaceContext = createContext<OpenPlace | null>(null)

export function PlaceProvider({
  place,
  session,
  children,
}: {
  readonly place: Place
  readonly session: Session
  readonly children: ReactNode
}) {
  const value: OpenPlace = {
    ...place,
    session,
    projectPath: `/api/0/projects/${encodeURIComponent(place.project.id)}`,
    organizationPath: `/api/0/organizations/${encodeURIComponent(place.organization.id)}`,
  }
  return <PlaceContext value={value}>{children}</PlaceContext>
}

export function usePlace(): OpenPlace {
  const place = useContext(PlaceContext)
  if (place === null) throw new Error('usePlace outside of a project page')
  return place
}
