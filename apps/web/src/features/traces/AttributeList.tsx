/** Attributes of a span: found by name or value, copied, and turned into a search for spans with (or without) the same. */
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { CopyButton } from '../../ui/CopyButton.tsx'
import { Icon } from '../../ui/Icon.tsx'
import { writeFilter } from '../../ui/search-filters.ts'
import { usePlace } from '../session/index.ts'

/** From this many on they can be narrowed. */
const narrowFrom = 10
/** Longer values are cut until they are asked for. */
const valueLengthMax = 600

export interface AttributeListProps {
  readonly title: string
  readonly attributes: Readonly<Record<string, string>>
  /** For searches from here. */
  readonly range: { readonly from: string; readonly to: string }
  readonly isOpen: boolean
}

export function AttributeList({ title, attributes, range, isOpen }: AttributeListProps) {
  const [find, setFind] = useState('')
  const all = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1))
  if (all.length === 0) return null
  const words = find.toLowerCase().split(/\s+/).filter(Boolean)
  const shown = all.filter(([name, value]) => words.every((word) => `${name} ${value}`.toLowerCase().includes(word)))
  return (
    <details className="bw-panel__part" open={isOpen}>
      <summary>
        {title} <span className="bw-dim">{all.length}</span>
      </summary>
      {all.length >= narrowFrom && (
        <input
          type="search"
          className="bw-panel__find"
          aria-label={`Find in ${title.toLowerCase()}`}
          placeholder="Find"
          value={find}
          onChange={(event) => setFind(event.currentTarget.value)}
        />
      )}
      <dl className="bw-attributes">
        {shown.map(([name, value]) => (
          <Attribute key={name} name={name} value={value} range={range} />
        ))}
      </dl>
      {shown.length === 0 && <p className="bw-dim">None has that.</p>}
    </details>
  )
}

/** JSON is broken into lines; everything else stays as it came. */
function readable(value: string): string {
  if (!/^[[{]/.test(value)) return value
  try {
    return JSON.stringify(JSON.parse(value), null, 2)
  } catch {
    return value
  }
}

interface AttributeProps {
  readonly name: string
  readonly value: string
  readonly range: { readonly from: string; readonly to: string }
}

function Attribute({ name, value, range }: AttributeProps) {
  const { project } = usePlace()
  const [isWhole, setWhole] = useState(false)
  const text = readable(value)
  const isLong = text.length > valueLengthMax
  const search = (exclude: boolean) => ({ q: writeFilter({ field: name, value, exclude }), ...range })
  return (
    <div className="bw-attributes__row">
      <dt>{name}</dt>
      <dd>
        <span className={text.includes('\n') || name.endsWith('statement') || name === 'db.query.text' ? 'bw-attributes__code' : ''}>
          {value === '' ? <span className="bw-dim">empty</span> : isLong && !isWhole ? `${text.slice(0, valueLengthMax)}…` : text}
        </span>
        {isLong && (
          <button type="button" className="bw-panel__more" onClick={() => setWhole(!isWhole)}>
            {isWhole ? 'less' : `all ${text.length.toLocaleString('en-US')} characters`}
          </button>
        )}
        <span className="bw-attributes__tools">
          <Link
            className="bw-icon-btn bw-icon-btn--small"
            to="/p/$project/explore/traces"
            params={{ project: project.id }}
            search={search(false)}
            aria-label={`Traces with this ${name}`}
            title="Traces with this"
          >
            <Icon name="filter" size={14} />
          </Link>
          <Link
            className="bw-icon-btn bw-icon-btn--small"
            to="/p/$project/explore/traces"
            params={{ project: project.id }}
            search={search(true)}
            aria-label={`Traces without this ${name}`}
            title="Traces without this"
          >
            <Icon name="eyeOff" size={14} />
          </Link>
          <CopyButton text={value} what={name} />
        </span>
      </dd>
    </div>
  )
}
