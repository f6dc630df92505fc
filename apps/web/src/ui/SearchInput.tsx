/**
 * The one search field of logs and traces: colours, completion from the project's own fields and values, and the place where a search is
 * wrong. Enter runs it; Tab takes a suggestion; it grows with its text.
 */
import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react'
import { Button, IconButton } from './Button.tsx'
import { Icon } from './Icon.tsx'
import { searchTokens } from './search-tokens.ts'
import {
  useSearchCompletion,
  type AnsweredCompletion,
  type CompleteSearch,
  type CompletionState,
  type SearchSuggestion,
} from './use-search-completion.ts'
import './search-input.css'

/** What is wrong with a search, and where in its text. */
export interface SearchProblem {
  readonly message: string
  readonly hint?: string | null
  readonly from: number
  /** Exclusive; at least one character is marked. */
  readonly to: number
}

/** A name in a search that nothing has, where it stands, and what can stand in its place. */
export interface UnknownSearchName {
  readonly name: string
  readonly from: number
  readonly to: number
  readonly meant: readonly { readonly name: string; readonly insert: string }[]
  /** It is no name but a word that was looked for, and was probably meant to join conditions. */
  readonly isWord?: boolean
}

export interface SearchInputProps {
  readonly label: string
  readonly placeholder: string
  /** The search that is shown now. */
  readonly value: string
  /** What the server said about `value`, null when it is right. */
  readonly problem: SearchProblem | null
  /** Names in `value` that nothing has, of a search that found nothing. */
  readonly unknown?: readonly UnknownSearchName[] | undefined
  readonly complete: CompleteSearch
  readonly onRun: (text: string) => void
}

const noNames: readonly UnknownSearchName[] = []

const kindNames: Readonly<Record<SearchSuggestion['kind'], string>> = {
  field: 'field',
  value: 'value',
  operator: 'word',
  recent: 'recent',
}

export function SearchInput({ label, placeholder, value, problem, unknown = noNames, complete, onRun }: SearchInputProps) {
  const [text, setText] = useState(value)
  const [shown, setShown] = useState(value)
  if (value !== shown) {
    setShown(value)
    setText(value)
  }
  const field = useRef<HTMLTextAreaElement>(null)
  const completion = useSearchCompletion(complete, text)
  const id = useId()
  const isChanged = text.trim() !== value.trim()
  const isWrong = problem !== null && !isChanged
  const run = (next: string): void => {
    completion.close()
    onRun(next.trim())
  }
  const take = (suggestion: SearchSuggestion | undefined, answer: AnsweredCompletion | null): void => {
    // What an older text was answered would stand in the wrong place.
    if (suggestion === undefined || answer === null || field.current?.value !== answer.text) return
    const { from, to } = answer
    const next = answer.text.slice(0, from) + suggestion.insert + answer.text.slice(to)
    const caret = from + suggestion.insert.length
    setText(next)
    window.setTimeout(() => {
      field.current?.focus()
      field.current?.setSelectionRange(caret, caret)
      completion.ask(next, caret)
    })
  }
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>): void => {
    const chosen = completion.chosen
    if (completion.isOpen && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) completion.move(event.key === 'ArrowDown' ? 1 : -1)
    else if (completion.isOpen && event.key === 'Tab' && !event.shiftKey) {
      // Typed faster than answered: the first of what comes for this text.
      if (completion.isStale) completion.onceAnswered((answer) => take(answer.items[0], answer))
      else take(chosen ?? completion.items[0], completion.answer)
    } else if (event.key === 'Enter') {
      if (chosen === null) run(text)
      else take(chosen, completion.answer)
    } else if (event.key === 'Escape' && completion.isOpen) completion.close()
    else if (event.key === 'Escape') event.currentTarget.blur()
    else if (event.key === ' ' && event.ctrlKey) completion.ask(text, event.currentTarget.selectionStart)
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <div className="bw-search">
      <div className={`bw-search__box ${isWrong ? 'bw-search__box--wrong' : ''}`}>
        <Icon name="search" size={14} />
        <div className="bw-search__text">
          <Colored text={text} problem={isWrong ? problem : null} />
          <textarea
            ref={field}
            rows={1}
            spellCheck={false}
            autoComplete="off"
            autoCapitalize="off"
            aria-label={label}
            aria-autocomplete="list"
            aria-haspopup="listbox"
            aria-controls={completion.isOpen ? `${id}-list` : undefined}
            aria-activedescendant={completion.position === null ? undefined : `${id}-${completion.position}`}
            aria-invalid={isWrong || undefined}
            aria-describedby={isWrong ? `${id}-problem` : undefined}
            placeholder={placeholder}
            data-search
            value={text}
            onChange={(event) => {
              const next = event.currentTarget.value.replace(/\n/g, ' ')
              setText(next)
              completion.ask(next, event.currentTarget.selectionStart)
            }}
            onClick={(event) => completion.ask(text, event.currentTarget.selectionStart)}
            onKeyDown={onKeyDown}
            onBlur={completion.close}
          />
        </div>
        {text !== '' && (
          <IconButton
            small
            icon="close"
            label="Clear the search"
            onClick={() => {
              setText('')
              run('')
            }}
          />
        )}
        <Button small variant={isChanged ? 'primary' : 'plain'} onClick={() => run(text)} title="Run the search (Enter)">
          Search
        </Button>
      </div>
      {completion.isOpen && <Suggestions id={id} completion={completion} onTake={(item) => take(item, completion.answer)} />}
      {isWrong && (
        <p className="bw-search__problem" id={`${id}-problem`} role="alert">
          <Icon name="warning" size={14} /> {problem.message}
          {problem.hint !== undefined && problem.hint !== null && <span className="bw-dim"> {problem.hint}</span>}
        </p>
      )}
      {!isWrong && !isChanged && <MeantNames names={unknown} text={value} onTake={run} />}
    </div>
  )
}

/** Names that nothing in the range has; where they look like others, a press takes the other. */
function MeantNames({
  names,
  text,
  onTake,
}: {
  readonly names: readonly UnknownSearchName[]
  readonly text: string
  readonly onTake: (text: string) => void
}) {
  const shown = names.filter(({ to }) => to <= text.length)
  if (shown.length === 0) return null
  return (
    <div role="status">
      {shown.map(({ name, from, to, meant, isWord = false }) => (
        <p key={from} className="bw-search__meant">
          <span>
            {!isWord && 'Nothing in this range has '}
            <code>{name}</code>
            {isWord && ' is looked for as a word; what joins conditions is in capitals'}.{meant.length > 0 && ' Did you mean'}
          </span>
          {meant.map((other) => (
            <Button key={other.name} small onClick={() => onTake(text.slice(0, from) + other.insert + text.slice(to))}>
              <code>{other.name}</code>
            </Button>
          ))}
        </p>
      ))}
    </div>
  )
}

/** Under the field, which is see-through: the same letters, coloured, the wrong ones underlined. */
function Colored({ text, problem }: { readonly text: string; readonly problem: SearchProblem | null }) {
  const end = problem === null ? 0 : Math.max(problem.to, problem.from + 1)
  const isWrong = (from: number, to: number): boolean => problem !== null && from < end && to > problem.from
  return (
    <pre className="bw-search__colors" aria-hidden="true">
      {searchTokens(text).map((token) => (
        <span key={token.from} className={`bw-search__token--${token.kind} ${isWrong(token.from, token.to) ? 'bw-search__wrong' : ''}`}>
          {text.slice(token.from, token.to)}
        </span>
      ))}
      {problem !== null && problem.from >= text.length && <span className="bw-search__wrong"> </span>}
      {/* Keeps the last line as high as the others. */}
      {'\u200b'}
    </pre>
  )
}

interface SuggestionsProps {
  readonly id: string
  readonly completion: Pick<CompletionState, 'items' | 'position' | 'isStale'>
  readonly onTake: (suggestion: SearchSuggestion) => void
}

function Suggestions({ id, completion: { items, position, isStale }, onTake }: SuggestionsProps) {
  const list = useRef<HTMLDivElement>(null)
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' })
  }, [position])
  return (
    <div className="bw-search__list" id={`${id}-list`} role="listbox" aria-label="Suggestions" aria-busy={isStale} ref={list}>
      {items.map((item, index) => (
        <div
          key={`${item.kind} ${item.label}`}
          id={`${id}-${index}`}
          role="option"
          tabIndex={-1}
          aria-selected={index === position}
          className="bw-search__option"
          // The field keeps the focus.
          onPointerDown={(event) => {
            event.preventDefault()
            onTake(item)
          }}
        >
          <span className="bw-search__option-label">{item.label}</span>
          {item.detail !== undefined && <span className="bw-search__option-detail">{item.detail}</span>}
          <span className="bw-search__option-kind">{kindNames[item.kind]}</span>
        </div>
      ))}
    </div>
  )
}
