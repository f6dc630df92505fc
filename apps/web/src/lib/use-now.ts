/** The time, ticking: for "2 s ago". */
import { useEffect, useState } from 'react'

export function useNow(everyMs = 1000): number {
  const [nowMs, setNowMs] = useState(() => Date.now())
  useEffect(() => {
    const timer = window.setInterval(() => {
      if (document.visibilityState === 'visible') setNowMs(Date.now())
    }, everyMs)
    return () => window.clearInterval(timer)
  }, [everyMs])
  return nowMs
}
