/**
 * Names and tags of StatsD lines as labels: the slow path, taken once a series. Names follow ADR 4: characters outside `[a-zA-Z0-9_:]` become
 * underscores. Tags come as DogStatsD's (`#a:b,c`), or in the name as Graphite (`name;a=b`) and Influx (`name,a=b`) write them.
 */
import type { Labels } from '../../metrics/index.ts'
import { checkLabels, shown, type Refusal } from '../decode/label-text.ts'
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

/** Value of the last tag `bellwether_key` in a list; null: there is none. Costs the list's length, whatever is in it. */
function keyIn(list: string, separator: string, assigns: string): string | null {
  for (let at = list.lastIndexOf(keyTag); at !== -1; at = at === 0 ? -1 : list.lastIndexOf(keyTag, at - 1)) {
    const end = at + keyTag.length
    const isTag = at === 0 || list[at - 1] === separator
    if (isTag && list[end] === assigns) return list.slice(end + 1).split(separator, 1)[0] ?? ''
    if (isTag && (end === list.length || list[end] === separator)) return ''
  }
  return null
}

/** What separates the tags of a name: Graphite's `;`, else Influx' `,`. */
function nameSeparator(name: string): string {
  return name.includes(';') ? ';' : ','
}

function keyInName(name: string): string | null {
  const separator = nameSeparator(name)
  const start = name.indexOf(separator)
  return start === -1 ? null : keyIn(name.slice(start + 1), separator, '=')
}

/** The key of a line that cannot be taken apart, where a line in order has it; '' when it is somewhere else, null when it has none. */
export function keyOfBrokenLine(line: string): string | null {
  if (!line.includes(keyTag)) return null
  const [head = '', ...fields] = line.split('|')
  const tags = fields.findLast((field) => field.startsWith('#'))
  return keyInName(head.split(':', 1)[0] ?? '') ?? (tags === undefined ? null : keyIn(tags.slice(1), ',', ':')) ?? ''
}

/** A text for the screens without the keys in it: they are secrets, and not always those of the project that is shown the text. */
export function withoutKeys(text: string): string {
  return text.replaceAll(/(bellwether_key)[^,;|"]+/gi, '$1…')
}

/** Tags by their labels. A tag that comes with several values has them all, joined by commas. */
export class TagLabels {
  key: string | null = null
  /** Set when more tags came than a series has labels, values of one tag each counted; then they are not looked at. */
  isTooMany = false
  readonly #tagsMax: number
  #count = 0
  readonly #values = new Map<string, Set<string>>()

  constructor(limits: Pick<ProtocolLimits, 'labelsPerSeriesMax'>) {
    this.#tagsMax = limits.labelsPerSeriesMax
  }

  add(tag: string, value: string): void {
    if (tag === keyTag) return
    const name = tagName(tag)
    if (name === '' || value === '') return
    const known = this.#values.get(name)
    if (known === undefined) this.#values.set(name, new Set([value]))
    else known.add(value)
  }

  /** `a:b,c,d:e`; a tag without a value is `true`. */
  addList(tags: string): void {
    if (tags === '') return
    this.key = keyIn(tags, ',', ':') ?? this.key
    for (const tag of this.#bounded(tags, ',')) {
      const colon = tag.indexOf(':')
      if (colon === -1) this.add(tag, tag === '' ? '' : 'true')
      else this.add(tag.slice(0, colon), tag.slice(colon + 1))
    }
  }

  /** Takes tags out of a name; gives what is left of it. */
  addOfName(name: string): string {
    const separator = nameSeparator(name)
    const start = name.indexOf(separator)
    if (start === -1) return name
    this.key = keyInName(name) ?? this.key
    for (const tag of this.#bounded(name.slice(start + 1), separator)) {
      const equals = tag.indexOf('=')
      if (equals > 0) this.add(tag.slice(0, equals), tag.slice(equals + 1))
      else this.add(tag, 'true')
    }
    return name.slice(0, start)
  }

  /** Labels beside `__name__`, not sorted. */
  pairs(): [string, string][] {
    return Array.from(this.#values, ([name, values]) => [name, [...values].sort().join(',')])
  }

  /** The list's tags while all together are few enough. */
  #bounded(list: string, separator: string): string[] {
    const tags = list.split(separator, this.#tagsMax + 1)
    this.#count += tags.length
    if (this.#count <= this.#tagsMax) return tags
    this.isTooMany = true
    return []
  }
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
  const found = new TagLabels(limits)
  found.addList(tags)
  const metric = statsdName(found.addOfName(name))
  if (container !== '') found.add('container_id', containerLabel(container))
  return finished(metric, found, limits)
}

/** Sorted and checked. */
export function finished(metric: string, tags: TagLabels, limits: ProtocolLimits): StatsdLabels {
  const { key } = tags
  if (metric === '') return { type: 'reject', key, refusal: { reason: 'metric_name_missing', example: 'a line has no metric name' } }
  if (tags.isTooMany) {
    const example = `${shown(metric)} has more than ${limits.labelsPerSeriesMax} tags`
    return { type: 'reject', key, refusal: { reason: 'too_many_labels', example } }
  }
  const labels: Labels = [['__name__', metric] as const, ...tags.pairs()].sort(([a], [b]) => (a < b ? -1 : 1))
  const refusal = checkLabels(labels, metric, limits)
  return refusal === null ? { type: 'ok', labels, key } : { type: 'reject', key, refusal }
}
