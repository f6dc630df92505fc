/** Which metric explains best, and how its parts are written. */
import type { Metric, MetricAnatomyBody } from '@bellwether/protocol'

/** People's own metrics explain better than ours about ourselves; one of ours is better than none. Null: there is none. */
export function chooseExample(names: readonly string[]): string | null {
  return names.find((name) => !name.startsWith('bellwether_') && name !== 'target_info') ?? names[0] ?? null
}

/** As PromQL writes it; '' without an example. */
export function textOfSeries({ name, example }: MetricAnatomyBody): string {
  if (example === null) return ''
  const labels = Object.entries(example.labels).filter(([label]) => label !== '__name__')
  return labels.length === 0 ? name : `${name}{${labels.map(([label, value]) => `${label}=${JSON.stringify(value)}`).join(', ')}}`
}

/** What a metric is and what its numbers mean, as whole sentences. An MRI knows sets, which PromQL's types do not. */
export function meaningOf(metric: Pick<Metric, 'type' | 'mri'> | null): string {
  if (metric?.mri?.startsWith('s:') === true)
    return 'It is a set: who was there, each counted once. Its series show how many came in each interval; ask for count_unique over any time.'
  switch (metric?.type) {
    case 'counter':
      return 'It is a counter: it only grows, and starts again at zero with its process. Ask for its rate.'
    case 'gauge':
      return 'It is a gauge: it goes up and down, and the value now is what matters.'
    case 'histogram':
    case 'gaugehistogram':
      return 'It is a distribution: observations counted by size, so that quantiles can be asked for over any time and any group.'
    case 'summary':
      return 'It is a summary: quantiles that the sender computed, which cannot be added up.'
    case 'info':
    case 'stateset':
      return 'It says something by its labels; the value is 0 or 1.'
    default:
      return 'Nobody told its type, so the full name calls it a gauge. A sender that describes its metrics makes them easier to ask for.'
  }
}
