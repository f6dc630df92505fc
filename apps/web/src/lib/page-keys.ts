/** Keys of a page's list from wherever the focus is, so that nobody must press into the list first. */
import { useEffect, useRef, type RefObject } from 'react'

/** How long `g` waits for the letter that names a page. */
export const chordMs = 1200

/** True where letters are text. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || target.matches('input, textarea, select') || target.closest('[role="dialog"]') !== null
}

/** What uses Enter, arrows and Home itself. */
const ownKeys = 'a, button, summary, [tabindex="0"], [role^="menuitem"], [role="tab"], [role="radio"], [role="slider"]'

/** Of a key that something with the focus may use itself. */
function isOwn({ key, target }: KeyboardEvent): boolean {
  return key.length > 1 && target instanceof Element && target.closest(ownKeys) !== null
}

/**
 * Calls `onKey` with keys that are pressed outside `list`, that nothing took, and that are neither text, nor a chord's, nor of an open dialog.
 * It takes a key by `preventDefault`.
 */
export function usePageKeys(list: RefObject<HTMLElement | null>, onKey: (event: KeyboardEvent) => void): void {
  const told = useRef(onKey)
  useEffect(() => {
    told.current = onKey
  })
  useEffect(() => {
    let chordEndMs = Number.NEGATIVE_INFINITY
    const listen = (event: KeyboardEvent): void => {
      const isChord = event.timeStamp < chordEndMs
      chordEndMs = !isChord && event.key === 'g' ? event.timeStamp + chordMs : Number.NEGATIVE_INFINITY
      if (isChord || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || isOwn(event))
        return
      const { current } = list
      if (current === null || (event.target instanceof Node && current.contains(event.target))) return
      if (document.querySelector('[aria-modal="true"]') === null) told.current(event)
    }
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [list])
}
