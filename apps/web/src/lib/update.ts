/** A page that was opened before the server was updated asks for scripts that are gone; loading the page anew gets the new ones. */

const reloadedAtKey = 'bellwether-reloaded-at'
/** A second failure this soon is no update: reloading again would go on for ever. */
const againMs = 30_000

/** True when a reload may help: none was tried a moment ago. */
export function mayReload(lastMs: number, nowMs: number): boolean {
  return !(nowMs - lastMs < againMs)
}

/** Reloads the page, once, when one of its scripts cannot be loaded. */
export function reloadAfterUpdate(): void {
  window.addEventListener('vite:preloadError', (event) => {
    const nowMs = Date.now()
    try {
      if (!mayReload(Number(sessionStorage.getItem(reloadedAtKey) ?? Number.NEGATIVE_INFINITY), nowMs)) return
      sessionStorage.setItem(reloadedAtKey, String(nowMs))
    } catch {
      // Without storage there is no telling whether a reload was tried already.
      return
    }
    event.preventDefault()
    location.reload()
  })
}
