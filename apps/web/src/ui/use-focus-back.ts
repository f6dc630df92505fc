/** Where the keyboard goes when something that took it (a drawer, a dialog) leaves the page. */
import { useEffect, useState } from 'react'

/**
 * Gives the focus back to what had it when the component came, unless something else has taken it meanwhile. Mantine does this only for a
 * drawer that is told to close; ours are taken out of the page. What opened it may be gone too: then the page's content has the focus.
 */
export function useFocusBack(): void {
  const [opener] = useState(() => document.activeElement)
  useEffect(
    () => () => {
      window.setTimeout(() => {
        if (document.activeElement !== null && document.activeElement !== document.body) return
        const isThere = opener instanceof HTMLElement && opener !== document.body && opener.isConnected
        const target = isThere ? opener : document.getElementById('content')
        target?.focus({ preventScroll: true })
      })
    },
    [opener],
  )
}
