/** The list of metrics: what is found, in which order, and which type is shown. */
import type { Metric } from '@bellwether/protocol'

function wordsOf(text: string): readonly string[] {
  return text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
}

/** Every word must be in the name, the description or the type. */
export function findMetrics(metrics: readonly Metric[], text: string): readonly Metric[] {
  const words = wordsOf(text)
  if (words.length === 0) return metrics
  return metrics.filter((metric) => {
    const where = `${metric.name} ${metric.help} ${metric.type}`.toLowerCase()
    return words.every((word) => where.includes(word))
  })
}

/** Names that hold every word, in their order; the one that was typed whole comes first, then those that begin with the text. */
export function rankNames(names: readonly string[], text: string): readonly string[] {
  const words = wordsOf(text)
  const wanted = text.trim().toLowerCase()
  const rank = (name: string): number => (name === wanted ? 0 : name.startsWith(wanted) ? 1 : 2)
  return names
    .map((name) => ({ name, lower: name.toLowerCase() }))
    .filter(({ lower }) => words.every((word) => lower.includes(word)))
    .sort((a, b) => rank(a.lower) - rank(b.lower))
    .map(({ name }) => name)
}

/** The part of a search that the server can answer: names hold one text, so it gets the longest word. */
export function serverWord(text: string): string {
  const words = text.trim().split(/\s+/)
  return words.reduce((longest, word) => (word.length > longest.length ? word : longest), '')
}

/** People's own metrics first, by name; Bellwether's about itself last. */
export function orderMetrics(metrics: readonly Metric[]): readonly Metric[] {
  const isOwn = (metric: Metric): number => (metric.name.startsWith('bellwether_') ? 1 : 0)
  return [...metrics].sort((a, b) => isOwn(a) - isOwn(b) || (a.name < b.name ? -1 : 1))
}

/** The type as shown: parts of a classic histogram (`_bucket` and the `_sum` and `_count` beside it) carry no metadata of their own. */
export function shownType(metric: Metric, names: ReadonlySet<string>): string {
  if (metric.type !== 'unknown') return metric.type
  const base = metric.name.replace(/_(bucket|sum|count)$/, '')
  return base !== metric.name && names.has(`${base}_bucket`) ? 'histogram' : metric.type
}
