/** Test files of the web application share a window, since one for each took most of their time: what a test leaves in it is cleared. */
import { cleanup, configure } from '@testing-library/react'
import { afterEach, vi } from 'vitest'

// A second is little on a machine that is busy.
configure({ asyncUtilTimeout: 30_000 })

afterEach(() => {
  vi.useRealTimers()
  cleanup()
  document.body.replaceChildren()
  localStorage.clear()
  sessionStorage.clear()
})
