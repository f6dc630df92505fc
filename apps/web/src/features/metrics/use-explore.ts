/** The explorer's state, read from and written to the address. */
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback } from 'react'
import { letterOf, queriesMax, readExploreSearch, type ExploreSearch } from './explore-search.ts'

export interface ExploreState {
  readonly search: ExploreSearch
  readonly queries: readonly string[]
  readonly isOff: (index: number) => boolean
  readonly isText: (index: number) => boolean
  /** Changes the address; `replace` leaves no step to go back to. */
  readonly update: (change: Partial<Record<keyof ExploreSearch, string | readonly string[] | undefined>>, replace?: boolean) => void
  readonly setQuery: (index: number, text: string) => void
  readonly addQuery: (text: string) => void
  readonly removeQuery: (index: number) => void
  readonly toggle: (which: 'off' | 'text', index: number) => void
}

/** `BD` without or with the letter. */
function toggleLetter(letters: string, letter: string): string | undefined {
  const next = letters.includes(letter) ? letters.replace(letter, '') : [...letters, letter].sort().join('')
  return next === '' ? undefined : next
}

/** The letters after one query is gone: those behind it move up by one. */
export function shiftLetters(letters: string, removed: number): string | undefined {
  const kept = [...letters]
    .map((letter) => letter.charCodeAt(0) - 65)
    .filter((index) => index !== removed)
    .map((index) => letterOf(index > removed ? index - 1 : index))
  return kept.length === 0 ? undefined : kept.join('')
}

export function useExplore(): ExploreState {
  const search = useSearch({ from: '/p/$project/explore/metrics' })
  const navigate = useNavigate()
  const update = useCallback<ExploreState['update']>(
    (change, replace = false) => {
      // The range is kept by the route above.
      void navigate({ to: '.', search: (current) => readExploreSearch({ ...current, ...change }), replace })
    },
    [navigate],
  )
  const queries = search.q ?? ['']
  const off = search.off ?? ''
  const text = search.text ?? ''
  return {
    search,
    queries,
    isOff: (index) => off.includes(letterOf(index)),
    isText: (index) => text.includes(letterOf(index)),
    update,
    setQuery: (index, next) => {
      if (queries[index] !== next)
        update({ q: queries.map((query, at) => (at === index ? next : query)), only: undefined, hide: undefined })
    },
    addQuery: (next) => {
      if (queries.length < queriesMax) update({ q: [...queries, next] })
    },
    removeQuery: (index) => {
      const rest = queries.filter((_query, at) => at !== index)
      update({
        q: rest.length === 0 ? undefined : rest,
        off: shiftLetters(off, index),
        text: shiftLetters(text, index),
        only: undefined,
        hide: undefined,
      })
    },
    toggle: (which, index) => update({ [which]: toggleLetter(which === 'off' ? off : text, letterOf(index)) }),
  }
}
