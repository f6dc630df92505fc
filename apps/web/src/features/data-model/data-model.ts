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

const mriTypes: Readonly<Partial<Record<Metric['type'], string>>> = { counter: 'c', gauge: 'g', histogram: 'd', gaugehistogram: 'd' }

/** The metric's full name; a type that nobody told counts as a gauge, as whoever asks would treat it. */
export function mriOf(name: string, type: Metric['type'], unit: string): string {
  return `${mriTypes[type] ?? 'g'}:custom/${name}@${unit === '' ? 'none' : unit}`
}

/** Which sentence says what a type's numbers mean. */
export function meaningOfType(type: Metric['type']): string {
  switch (type) {
    case 'counter':
      return 'only grows, and starts again at zero with its process. Ask for its rate.'
    case 'gauge':
      return 'goes up and down: the value now is what matters.'
    case 'histogram':
    case 'gaugehistogram':
      return 'counts observations by size, so that quantiles can be asked for over any time and any group.'
    case 'summary':
      return 'carries quantiles that the sender computed; they cannot be added up.'
    case 'info':
    case 'stateset':
      return 'says something about its labels; the value is 0 or 1.'
    default:
      return 'nobody told. It is stored all the same; a sender that describes its metrics makes them easier to ask for.'
  }
}
