/**
 * Suggestions for the place where the cursor stands: asked a moment after the last key, the latest answer wins. Those of an older text stay
 * in sight until the newer ones come, and cannot be taken.
 */
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

/** What was answered, and for which text. */
export interface AnsweredCompletion extends SearchCompletion {
  readonly text: string
  readonly cursor: number
}

export interface CompletionState {
  readonly isOpen: boolean
  /** What is in sight; null while there is nothing. */
  readonly answer: AnsweredCompletion | null
  readonly items: readonly SearchSuggestion[]
  /** The suggestions in sight are of an older text: the newer ones are on their way. */
  readonly isStale: boolean
  /** The suggestion that the arrows reached; null before they are used. */
  readonly position: number | null
  readonly chosen: SearchSuggestion | null
  readonly ask: (text: string, cursor: number) => void
  /** Nothing happens to suggestions of an older text. */
  readonly move: (step: 1 | -1) => void
  /** Calls once, with the answer that is on its way; never when something else is asked, it is closed, or there is nothing to suggest. */
  readonly onceAnswered: (take: (answer: AnsweredCompletion) => void) => void
  readonly close: () => void
}

/** `text` is what stands in the field now. */
export function useSearchCompletion(complete: CompleteSearch, text: string): CompletionState {
  const [answer, setAnswer] = useState<AnsweredCompletion | null>(null)
  const [askedCursor, setAskedCursor] = useState(0)
  const [position, setPosition] = useState<number | null>(null)
  const waiting = useRef<((answer: AnsweredCompletion) => void) | null>(null)
  const running = useRef<{ timer: number; abort: AbortController } | null>(null)
  const cancel = (): void => {
    waiting.current = null
    if (running.current === null) return
    window.clearTimeout(running.current.timer)
    running.current.abort.abort()
    running.current = null
  }
  useEffect(() => cancel, [])
  const ask = (asked: string, cursor: number): void => {
    cancel()
    setAskedCursor(cursor)
    const abort = new AbortController()
    const timer = window.setTimeout(() => {
      complete(asked, cursor, abort.signal).then(
        (found) => {
          if (abort.signal.aborted) return
          const isEmpty = found === null || found.items.length === 0
          const answered = isEmpty ? null : { ...found, items: found.items.slice(0, itemsMax), text: asked, cursor }
          setAnswer(answered)
          setPosition(null)
          const take = waiting.current
          waiting.current = null
          if (answered !== null) take?.(answered)
        },
        () => {
          if (!abort.signal.aborted) setAnswer(null)
        },
      )
    }, restMs)
    running.current = { timer, abort }
  }
  const items = answer?.items ?? []
  const isStale = answer !== null && (answer.text !== text || answer.cursor !== askedCursor)
  const shownPosition = isStale ? null : position
  return {
    isOpen: answer !== null,
    answer,
    items,
    isStale,
    position: shownPosition,
    chosen: shownPosition === null ? null : (items[shownPosition] ?? null),
    ask,
    move: (step) => {
      if (isStale) return
      const start = position ?? (step === 1 ? -1 : items.length)
      setPosition((start + step + items.length) % items.length)
    },
    onceAnswered: (take) => {
      waiting.current = take
    },
    close: () => {
      cancel()
      setAnswer(null)
      setPosition(null)
    },
  }
}
