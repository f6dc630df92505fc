/** One error of a chain with its frames; the program's own stand out and show their source. */
import type { StackFrame, ThrownError } from '@bellwether/protocol'
import { useState } from 'react'
import { Icon } from '../../ui/Icon.tsx'
import { Tag } from '../../ui/StatusMark.tsx'

export interface ErrorStackProps {
  readonly error: ThrownError
  readonly isCause: boolean
  readonly showsAll: boolean
}

/** Frames whose source is open from the start. */
const openFrames = 1

export function ErrorStack({ error, isCause, showsAll }: ErrorStackProps) {
  const { type, message, mechanism, isHandled, frames } = error
  const hasOwn = frames.some(({ isInApp }) => isInApp)
  const shown = showsAll || !hasOwn ? frames : frames.filter(({ isInApp }) => isInApp)
  const first = shown.find(({ context }) => context.length > 0)
  const missing = shown.find(({ unresolved }) => unresolved !== null)
  return (
    <section className="bw-problem-error" aria-label={type === '' ? 'Stack' : type}>
      {(type !== '' || message !== '') && (
        <header>
          {isCause && <span className="bw-dim">caused by</span>}
          <h3>{type === '' ? message : type}</h3>
          {isHandled === false && <Tag tone="down">not handled</Tag>}
          {mechanism !== '' && <span className="bw-dim">{mechanism}</span>}
          {type !== '' && <p>{message}</p>}
        </header>
      )}
      {missing !== undefined && <p className="bw-problem-missing">Minified: {missing.unresolved}.</p>}
      {frames.length === 0 ? (
        <p className="bw-dim">It came without a stack.</p>
      ) : (
        <ol className="bw-problem-frames">
          {shown.map((frame, index) => (
            // eslint-disable-next-line react/no-array-index-key -- frames have no other name than their place
            <Frame key={index} frame={frame} isOpen={frame === first && index < openFrames + shown.indexOf(first)} />
          ))}
        </ol>
      )}
      {shown.length < frames.length && <p className="bw-dim">{hiddenText(frames.length - shown.length)}</p>}
    </section>
  )
}

function hiddenText(count: number): string {
  return count === 1 ? 'One frame of dependencies is not shown.' : `${count} frames of dependencies are not shown.`
}

function Frame({ frame, isOpen }: { readonly frame: StackFrame; readonly isOpen: boolean }) {
  const [open, setOpen] = useState(isOpen)
  const { context, isInApp } = frame
  const head = <FrameHead frame={frame} />
  return (
    <li className={isInApp ? 'bw-problem-frame bw-problem-frame--own' : 'bw-problem-frame'}>
      {context.length === 0 ? (
        <div className="bw-problem-frame__head">{head}</div>
      ) : (
        <button type="button" className="bw-problem-frame__head" aria-expanded={open} onClick={() => setOpen(!open)}>
          {head}
          <Icon name={open ? 'up' : 'down'} size={12} />
        </button>
      )}
      {open && context.length > 0 && <Source frame={frame} />}
    </li>
  )
}

function FrameHead({ frame: { function: name, file, line, column, raw } }: { readonly frame: StackFrame }) {
  return (
    <span title={raw ?? ''}>
      <strong>{name === '' || name === '?' ? '(anonymous)' : name}</strong> <span className="bw-dim">in</span>{' '}
      {file === '' ? '(unknown)' : file}
      {line > 0 && <span className="bw-dim">{`:${line}${column > 0 ? `:${column}` : ''}`}</span>}
    </span>
  )
}

function Source({ frame: { context, contextFrom, line } }: { readonly frame: StackFrame }) {
  return (
    <pre className="bw-problem-source" tabIndex={0} aria-label="Source">
      {context.map((text, index) => {
        const number = contextFrom + index
        return (
          <span
            key={number}
            className={number === line ? 'bw-problem-source__line bw-problem-source__line--hit' : 'bw-problem-source__line'}
          >
            <span className="bw-problem-source__number">{number}</span>
            {text === '' ? ' ' : text}
          </span>
        )
      })}
    </pre>
  )
}
