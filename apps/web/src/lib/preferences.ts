/** What a person prefers on this browser: the time zone of times, the last project. Kept in local storage, shared by all tabs. */
import { useSyncExternalStore } from 'react'
import type { Zone } from './time-format.ts'

const zoneKey = 'bellwether-zone'
const projectKey = 'bellwether-project'

const listeners = new Set<() => void>()

function read(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value)
  } catch {
    // Storage may be forbidden; the choice then lasts until the page is closed.
  }
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  window.addEventListener('storage', listener)
  return () => {
    listeners.delete(listener)
    window.removeEventListener('storage', listener)
  }
}

/** The same outside of a component. */
export function readZone(): Zone {
  return read(zoneKey) === 'utc' ? 'utc' : 'browser'
}

/** The zone in which times are written, and how to change it. */
export function useZone(): readonly [Zone, (zone: Zone) => void] {
  const zone = useSyncExternalStore(subscribe, readZone, () => 'browser' as const)
  return [zone, (next) => write(zoneKey, next)]
}

/** The project that was open last, or null. */
export function lastProject(): string | null {
  return read(projectKey)
}

export function rememberProject(id: string): void {
  if (read(projectKey) !== id) write(projectKey, id)
}
