/** The way to the rows of a list by one key, from wherever a page begins. */
import { useEffect, useRef, type RefObject } from 'react'

/** `j` goes to the first row while nothing has the focus; from there on the table moves by itself. */
export function useFirstRowByKey(): RefObject<HTMLElement | null> {
  const list = useRef<HTMLElement>(null)
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== 'j' || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
      if (event.target !== document.body) return
      const row = list.current?.querySelector<HTMLElement>('tr[data-row]')
      if (row === null || row === undefined) return
      event.preventDefault()
      row.focus()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
  return list
}
