/** What can be done with a rectangle of the heat map. */
import { Link } from '@tanstack/react-router'
import { useZone } from '../../lib/preferences.ts'
import { formatShort } from '../../lib/time-format.ts'
import { formatCount, formatMs } from '../../lib/units.ts'
import { Button } from '../../ui/Button.tsx'
import { addCondition } from '../../ui/search-filters.ts'
import { usePlace } from '../session/index.ts'
import { durationCondition, type HeatSelection } from './model/heat-map.ts'
import { writeRange } from './model/compare-sides.ts'

export interface SelectionBarProps {
  readonly selection: HeatSelection
  readonly query: string
  readonly onNarrow: () => void
  readonly onClear: () => void
}

export function SelectionBar({ selection, query, onNarrow, onClear }: SelectionBarProps) {
  const { project } = usePlace()
  const [zone] = useZone()
  const condition = durationCondition(selection)
  const inside = condition === '' ? query : addCondition(query, condition)
  const outside = condition === '' ? query : addCondition(query, `NOT (${condition})`)
  return (
    <div className="bw-heat__actions" role="status">
      <span>
        <strong>{formatCount(selection.spans)}</strong> spans · {formatShort(selection.fromMs, zone)} to {formatShort(selection.toMs, zone)}{' '}
        · {selection.overMs === 0 ? 'up to' : `${formatMs(selection.overMs)} to`}{' '}
        {selection.upToMs === null ? 'any' : formatMs(selection.upToMs)}
      </span>
      <Button small icon="filter" onClick={onNarrow}>
        Only these
      </Button>
      <Link
        className="bw-btn bw-btn--plain bw-btn--small"
        to="/p/$project/explore/traces/compare"
        params={{ project: project.id }}
        search={{ qa: outside, qb: inside, rb: writeRange(selection.fromMs, selection.toMs) }}
      >
        Compare with the others
      </Link>
      <Button small variant="quiet" onClick={onClear}>
        Clear
      </Button>
    </div>
  )
}
