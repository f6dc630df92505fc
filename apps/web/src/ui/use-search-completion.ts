/** Suggestions for the place where the cursor stands: asked a moment after the last key, the latest answer wins. */
import { useEffect, useRef, useState } from 'react'

export interface SearchSuggestion {
  readonly kind: 'field' | 'value' | 'operator' | 'recent'
  readonly label: string
  /** What stands in the text when it is taken. */
  readonly insert: string
  /** How often, or what it means. */
  readonly detail?: string
}

export interface SearchCompletion {
  /** What a suggestion replaces, `[from, to)`. */
  readonly from: number
  readonly to: number
  readonly items: readonly SearchSuggestion[]
}

/** Rejects or gives null when there is nothing to suggest; typing goes on without. */
export type CompleteSearch = (text: string, cursor: number, signal: AbortSignal) => Promise<SearchCompletion | null>

/** How long typing rests before the server is asked. */
const restMs = 120
/** Suggestions shown at once. */
const itemsMax = 50

export interface CompletionState {
  readonly isOpen: boolean
  readonly items: readonly SearchSuggestion[]
  readonly range: readonly [from: number, to: number]
  /** The suggestion that the arrows reached; null before they are used. */
  readonly position: number | null
  readonly chosen: SearchSuggestion | null
  readonly ask: (text: string, cursor: number) => void
  readonly move: (step: 1 | -1) => void
  readonly close: () => void
}

export function useSearchCompletion(complete: CompleteSearch): CompletionState {
  const [answer, setAnswer] = useState<SearchCompletion | null>(null)
  const [position, setPosition] = useState<number | null>(null)
  const running = useRef<{ timer: number; abort: AbortController } | null>(null)
  const cancel = (): void => {
    if (running.current === null) return
    window.clearTimeout(running.current.timer)
    running.current.abort.abort()
    running.current = null
  }
  useEffect(() => cancel, [])
  const ask = (text: string, cursor: number): void => {
    cancel()
    const abort = new AbortController()
    const timer = window.setTimeout(() => {
      complete(text, cursor, abort.signal).then(
        (found) => {
          if (abort.signal.aborted) return
          setAnswer(found === null || found.items.length === 0 ? null : { ...found, items: found.items.slice(0, itemsMax) })
          setPosition(null)
        },
        () => {
          if (!abort.signal.aborted) setAnswer(null)
        },
      )
    }, restMs)
    running.current = { timer, abort }
  }
  const items = answer?.items ?? []
  return {
    isOpen: answer !== null,
    items,
    range: [answer?.from ?? 0, answer?.to ?? 0],
    position,
    chosen: position === null ? null : (items[position] ?? null),
    ask,
    move: (step) => {
      const start = position ?? (step === 1 ? -1 : items.length)
      setPosition((start + step + items.length) % items.length)
    },
    close: () => {
      cancel()
      setAnswer(null)
      setPosition(null)
    },
  }
}
