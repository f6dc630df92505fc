/** How tags are spread: one bar a value, in the share of events that have it. */
import type { TagValues } from '@bellwether/protocol'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { Button } from '../../ui/Button.tsx'
import { usePlace } from '../session/index.ts'

const tagsShown = 8
const valuesShown = 4

export function TagShares({ tags }: { readonly tags: readonly TagValues[] }) {
  const [showsAll, setShowsAll] = useState(false)
  const shown = showsAll ? tags : tags.slice(0, tagsShown)
  return (
    <>
      <dl className="bw-problem-tags">
        {shown.map(({ tag, values, total }) => (
          <div key={tag}>
            <dt>{tag}</dt>
            <dd>
              <ul>
                {values.slice(0, showsAll ? undefined : valuesShown).map(({ value, count }) => (
                  <li key={value} title={`${value}: ${count} of ${total}`}>
                    <span className="bw-problem-tags__bar" style={{ width: `${total === 0 ? 0 : Math.max(1, (count / total) * 100)}%` }} />
                    <span className="bw-problem-tags__value">
                      <TagValue tag={tag} value={value} />
                    </span>
                    <span className="bw-problem-tags__share">{total === 0 ? '' : `${Math.round((count / total) * 100)} %`}</span>
                  </li>
                ))}
              </ul>
            </dd>
          </div>
        ))}
      </dl>
      {tags.length > tagsShown && (
        <Button small variant="quiet" onClick={() => setShowsAll(!showsAll)} aria-expanded={showsAll}>
          {showsAll ? 'Fewer' : `All ${tags.length} tags`}
        </Button>
      )}
    </>
  )
}

/** What the list can be narrowed by leads there. */
function TagValue({ tag, value }: { readonly tag: string; readonly value: string }) {
  const { project } = usePlace()
  if (tag !== 'release' && tag !== 'environment' && tag !== 'service') return value
  return (
    <Link to="/p/$project/problems" params={{ project: project.id }} search={{ [tag]: value }} title={`Problems of ${tag} ${value}`}>
      {value}
    </Link>
  )
}
