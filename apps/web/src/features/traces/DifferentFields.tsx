/** Which attributes tell the spans of the right side from those of the left, most telling first. */
import type { ComparedTraces, DifferentField, DifferentValue } from '@bellwether/protocol'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { formatCount, formatValue } from '../../lib/units.ts'
import { Section } from '../../ui/Page.tsx'
import { Failure, Loading } from '../../ui/states.tsx'
import { addCondition, readField, writeFilter, writePresence } from '../../ui/search-filters.ts'
import { usePlace } from '../session/index.ts'
import { differenceQuery } from './traces.queries.ts'

/** Values shown of a field. */
const valuesMax = 3

const ratio = { base: 'ratio', perSecond: false } as const

export interface DifferentFieldsProps {
  readonly left: ComparedTraces
  readonly right: ComparedTraces
}

export function DifferentFields({ left, right }: DifferentFieldsProps) {
  const { projectPath } = usePlace()
  const difference = useQuery(differenceQuery(projectPath, left, right))
  if (left.traceId !== null || right.traceId !== null) return null
  const { data } = difference
  return (
    <Section
      title="What is different"
      note={
        data === undefined
          ? 'attributes of the spans that the searches find'
          : `${formatCount(data.selectedRows)} spans on the right beside ${formatCount(data.baselineRows)} on the left`
      }
    >
      {difference.isPending && (
        <div className="bw-section__body">
          <Loading label="the difference" rows={4} />
        </div>
      )}
      {difference.isError && (
        <Failure compact error={difference.error} title="The spans could not be compared" onRetry={() => void difference.refetch()} />
      )}
      {data !== undefined && (data.note !== null || data.items.length === 0) && (
        <p className="bw-section__body bw-dim">{data.note ?? 'No attribute has clearly different values on the two sides.'}</p>
      )}
      {data !== undefined && data.items.length > 0 && (
        <ol className="bw-versus__fields" aria-label="Attributes that differ, most telling first">
          {data.items.map((field) => (
            <FieldRow key={field.field} field={field} right={right} />
          ))}
        </ol>
      )}
    </Section>
  )
}

function FieldRow({ field, right }: { readonly field: DifferentField; readonly right: ComparedTraces }) {
  return (
    <li className="bw-versus__field">
      <h3 title={`${formatValue(field.distance, ratio)} of the spans have other values`}>{readField(field.field).replace(/^@/, '')}</h3>
      <ul>
        {field.values.slice(0, valuesMax).map((value) => (
          <ValueRow key={value.value} field={field.field} value={value} right={right} />
        ))}
      </ul>
    </li>
  )
}

interface ValueRowProps {
  readonly field: string
  readonly value: DifferentValue
  readonly right: ComparedTraces
}

function ValueRow({ field, value: { value, selectedShare, baselineShare }, right }: ValueRowProps) {
  const { project } = usePlace()
  const shares = `${formatValue(selectedShare, ratio)} on the right, ${formatValue(baselineShare, ratio)} on the left`
  const name = readField(field)
  const filter = value === '' ? writePresence(name, false) : writeFilter({ field: name, value, exclude: false })
  return (
    <li className="bw-versus__value">
      <Link
        to="/p/$project/explore/traces"
        params={{ project: project.id }}
        search={{ q: addCondition(right.query, filter), from: right.from, to: right.to }}
        title={value}
      >
        {value === '' ? '(none)' : value}
      </Link>
      <span className="bw-versus__shares" role="img" aria-label={shares} title={shares}>
        <span className="bw-versus__share bw-versus__share--right" style={{ width: `${selectedShare * 100}%` }} />
        <span className="bw-versus__share" style={{ width: `${baselineShare * 100}%` }} />
      </span>
      <span className="bw-versus__numbers" aria-hidden="true">
        {formatValue(selectedShare, ratio)} <span className="bw-dim">{formatValue(baselineShare, ratio)}</span>
      </span>
    </li>
  )
}
