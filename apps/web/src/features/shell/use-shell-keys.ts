/** Keys that work on every page. They rest while someone types in a field or a dialog is open. */
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { chordMs, isTyping } from '../../lib/page-keys.ts'
import { openRangeEvent } from '../range/index.ts'
import { usePlace } from '../session/index.ts'
import { allPages } from './navigation.ts'

export function useShellKeys(open: (panel: 'palette' | 'help') => void): void {
  const navigate = useNavigate()
  const { project } = usePlace()
  const chordStartMs = useRef(Number.NEGATIVE_INFINITY)
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        open('palette')
        return
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
      if (performance.now() - chordStartMs.current < chordMs) {
        chordStartMs.current = Number.NEGATIVE_INFINITY
        const page = allPages.find((candidate) => candidate.key === event.key)
        if (page !== undefined) {
          event.preventDefault()
          void navigate({ to: page.to, params: { project: project.id } })
        }
        return
      }
      if (event.key === 'g') chordStartMs.current = performance.now()
      else if (event.key === '?') open('help')
      else if (event.key === 't') window.dispatchEvent(new Event(openRangeEvent))
      else if (event.key === '/') {
        const field = document.querySelector<HTMLElement>('main [data-search]')
        if (field === null) open('palette')
        else field.focus()
      } else return
      event.preventDefault()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [navigate, open, project.id])
}
