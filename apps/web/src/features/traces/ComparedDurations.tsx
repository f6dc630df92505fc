/** How long the traces of both sides took, class by class, as shares of each side. */
import type { TracesComparison } from '@bellwether/protocol'
import { formatMs } from '../../lib/units.ts'
import { Section } from '../../ui/Page.tsx'

interface DurationClass {
  readonly upperMs: number
  readonly left: number
  readonly right: number
}

/** Classes from the first to the last that has something, shares of the side's traces. */
export function durationClasses({ uppersMs, leftCounts, rightCounts }: TracesComparison): readonly DurationClass[] {
  const total = (counts: readonly number[]): number =>
    Math.max(
      1,
      counts.reduce((sum, each) => sum + each, 0),
    )
  const [leftTotal, rightTotal] = [total(leftCounts), total(rightCounts)]
  const classes = uppersMs.map((upperMs, index) => ({
    upperMs,
    left: (leftCounts[index] ?? 0) / leftTotal,
    right: (rightCounts[index] ?? 0) / rightTotal,
  }))
  const isFilled = classes.map(({ left, right }) => left > 0 || right > 0)
  const first = isFilled.indexOf(true)
  return first === -1 ? [] : classes.slice(first, isFilled.lastIndexOf(true) + 1)
}

export function ComparedDurations({ data }: { readonly data: TracesComparison }) {
  const classes = durationClasses(data)
  const most = classes.reduce((highest, { left, right }) => Math.max(highest, left, right), 0)
  if (classes.length === 0) return null
  const percent = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`
  return (
    <Section title="How long they take" note="share of each side's traces by duration">
      <div
        className="bw-versus__durations"
        role="img"
        aria-label={classes
          .map((each) => `up to ${formatMs(each.upperMs)}: ${percent(each.left)} left, ${percent(each.right)} right`)
          .join('; ')}
      >
        {classes.map(({ upperMs, left, right }) => (
          <div
            key={upperMs}
            className="bw-versus__class"
            title={`up to ${formatMs(upperMs)}: left ${percent(left)}, right ${percent(right)}`}
          >
            <span className="bw-versus__columns">
              <span className="bw-versus__column bw-versus__column--left" style={{ height: `${(left / most) * 100}%` }} />
              <span className="bw-versus__column bw-versus__column--right" style={{ height: `${(right / most) * 100}%` }} />
            </span>
            <span className="bw-versus__upper">{formatMs(upperMs)}</span>
          </div>
        ))}
      </div>
    </Section>
  )
}
