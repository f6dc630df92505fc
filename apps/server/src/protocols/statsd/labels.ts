/**
 * Names and tags of StatsD lines as labels: the slow path, taken once a series. Names follow ADR 4: characters outside `[a-zA-Z0-9_:]` become
 * underscores. Tags come as DogStatsD's (`#a:b,c`), or in the name as Graphite (`name;a=b`) and Influx (`name,a=b`) write them.
 */
import type { Labels } from '../../metrics/index.ts'
import { checkLabels, type Refusal } from '../decode/label-text.ts'
import type { ProtocolLimits } from '../limits.ts'
import { labelName } from '../otlp/names.ts'

/** The tag that names the project by its ingest key; it is no label. */
export const keyTag = 'bellwether_key'

/** Labels of a series and the ingest key that its tags carry, or why it cannot be stored. */
export type StatsdLabels =
  | { readonly type: 'ok'; readonly labels: Labels; readonly key: string | null }
  | { readonly type: 'reject'; readonly refusal: Refusal; readonly key: string | null }

/** A name as PromQL takes it without quotes; one that has nothing of that kind stays as it is. */
export function statsdName(name: string): string {
  if (!/[a-zA-Z0-9]/.test(name)) return name
  const plain = name.replaceAll(/[^a-zA-Z0-9_:]+/g, '_')
  return /^[0-9]/.test(plain) ? `_${plain}` : plain
}

function tagName(name: string): string {
  return /[a-zA-Z0-9]/.test(name) ? labelName(name) : name
}

/** Tags by their labels. A tag that comes with several values has them all, joined by commas. */
export class TagLabels {
  key: string | null = null
  readonly #values = new Map<string, string>()

  add(tag: string, value: string): void {
    if (tag === keyTag) {
      this.key = value
      return
    }
    const name = tagName(tag)
    if (name === '' || value === '') return
    const known = this.#values.get(name)
    if (known === undefined) this.#values.set(name, value)
    else if (!known.split(',').includes(value)) this.#values.set(name, [...known.split(','), value].sort().join(','))
  }

  /** `a:b,c,d:e`; a tag without a value is `true`. */
  addList(tags: string): void {
    if (tags === '') return
    for (const tag of tags.split(',')) {
      const colon = tag.indexOf(':')
      if (colon === -1) this.add(tag, tag === '' ? '' : 'true')
      else this.add(tag.slice(0, colon), tag.slice(colon + 1))
    }
  }

  /** Labels beside `__name__`, not sorted. */
  pairs(): [string, string][] {
    return [...this.#values]
  }
}

/** Takes tags out of a name; gives what is left of it. */
function nameWithoutTags(name: string, tags: TagLabels): string {
  const separator = name.includes(';') ? ';' : ','
  const [first = '', ...rest] = name.split(separator)
  for (const tag of rest) {
    const equals = tag.indexOf('=')
    if (equals > 0) tags.add(tag.slice(0, equals), tag.slice(equals + 1))
    else tags.add(tag, 'true')
  }
  return first
}

/** A container as clients write it: `ci-<id>`, `in-<inode>` or the bare id. */
function containerLabel(container: string): string {
  return container.startsWith('ci-') ? container.slice(3) : container
}

/** Texts are valid UTF-8. */
export function statsdLabels(
  { name, tags, container }: { readonly name: string; readonly tags: string; readonly container: string },
  limits: ProtocolLimits,
): StatsdLabels {
  const found = new TagLabels()
  found.addList(tags)
  const metric = statsdName(nameWithoutTags(name, found))
  if (container !== '') found.add('container_id', containerLabel(container))
  return finished(metric, found, limits)
}

/** Sorted and checked. */
export function finished(metric: string, tags: TagLabels, limits: ProtocolLimits): StatsdLabels {
  const { key } = tags
  if (metric === '') return { type: 'reject', key, refusal: { reason: 'metric_name_missing', example: 'a line has no metric name' } }
  const labels: Labels = [['__name__', metric] as const, ...tags.pairs()].sort(([a], [b]) => (a < b ? -1 : 1))
  const refusal = checkLabels(labels, metric, limits)
  return refusal === null ? { type: 'ok', labels, key } : { type: 'reject', key, refusal }
}
