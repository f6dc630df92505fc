/** From counted values to fields that differ, the most telling first. */
import type { DifferentField, DifferentValue } from '@bellwether/protocol'
import { fieldNamed, writtenAttribute, writtenResource, type SearchFields } from '../../../search/index.ts'
import { chanceOf } from './significance.ts'

/** Rows, and how many they stand for where samples were taken at the sender. */
export interface SetSize {
  readonly rows: number
  readonly weight: number
}

export interface CountedValue {
  /** A field of the catalogue, an attribute of the row or of its resource, or the range that an attribute's number lies in. */
  readonly origin: 'field' | 'attribute' | 'resource' | 'range'
  readonly key: string
  readonly value: string
  readonly selected: SetSize
  readonly baseline: SetSize
  /** Rows with the field, whatever its value. */
  readonly selectedHave: SetSize
  readonly baselineHave: SetSize
  /** Sum of the differences of shares of all values of the field. */
  readonly gap: number
  /** Values that were compared in all. */
  readonly compared: number
}

export interface RankContext {
  readonly fields: SearchFields
  /** Names that the searches ask about. */
  readonly asked: ReadonlySet<string>
  readonly selected: SetSize
  readonly baseline: SetSize
}

/** Values less certain than this, after the correction, tell nothing. */
const chanceMax = 0.01
/** Differences of shares smaller than this are certain but of no use. */
const shareGapMin = 0.02
const valuesShownMax = 10

/** Sorted by the largest certain difference of shares. */
export function differentFields(values: readonly CountedValue[], context: RankContext): DifferentField[] {
  const byField = new Map<string, CountedValue[]>()
  for (const value of values) {
    const name = nameOf(value, context)
    if (name === null) continue
    const key = value.origin === 'range' ? `${name}..` : name
    const known = byField.get(key)
    if (known === undefined) byField.set(key, [value])
    else known.push(value)
  }
  const found: { field: DifferentField; strength: number }[] = []
  // Fields stand before attributes, and a name that says the same once more (`host`, `k8s.pod.name`) says nothing.
  const said = new Set<string>()
  for (const [key, counted] of [...byField].sort(([, a], [, b]) => placeOf(a) - placeOf(b))) {
    const name = key.endsWith('..') ? key.slice(0, -2) : key
    const field = fieldOf(name, counted, context)
    const saying = JSON.stringify(field.values.map(({ value, selected, baseline }) => [value, selected, baseline]))
    if (said.has(saying)) continue
    said.add(saying)
    const strength = Math.max(0, ...field.values.filter((one) => one.chance <= chanceMax).map(shareGap))
    // Ranges only where the values themselves say nothing, and they come last.
    const isSaid = key !== name && found.some((one) => one.field.field === name)
    if (strength >= shareGapMin && !isSaid) found.push({ field, strength })
  }
  found.sort((a, b) => b.strength - a.strength || a.field.chance - b.field.chance || (a.field.field < b.field.field ? -1 : 1))
  return found.map(({ field }) => field)
}

/** As the search language writes it; null for what was asked about, and for attributes of resources that are fields already. */
function nameOf({ origin, key }: CountedValue, { fields, asked }: RankContext): string | null {
  if (asked.has(key)) return null
  if (origin === 'field') return key
  const twin = fieldNamed(fields, key)
  if (origin !== 'resource') return writtenAttribute(key)
  return twin === null ? writtenResource(key) : null
}

const places = { field: 0, attribute: 1, resource: 2, range: 3 } as const

function placeOf([first]: readonly CountedValue[]): number {
  return first === undefined ? 0 : places[first.origin]
}

function shareGap(value: DifferentValue): number {
  return Math.abs(value.selectedShare - value.baselineShare)
}

function fieldOf(field: string, counted: readonly CountedValue[], context: RankContext): DifferentField {
  const [first] = counted
  const compared = first?.compared ?? 1
  const values = counted.map((one) => valueOf(one.value, [one.selected, one.baseline], { ...context, compared }))
  let gap = first?.gap ?? 0
  if (first !== undefined) {
    const without = valueOf('', [rest(context.selected, first.selectedHave), rest(context.baseline, first.baselineHave)], {
      ...context,
      compared,
    })
    gap += shareGap(without)
    if (without.selected > 0 || without.baseline > 0) values.push(without)
  }
  // Of two that differ alike, what the selected rows have comes first.
  values.sort((a, b) => shareGap(b) - shareGap(a) || b.selectedShare - a.selectedShare)
  const shown = values.slice(0, valuesShownMax)
  return { field, distance: Math.min(1, gap / 2), chance: Math.min(1, ...shown.map((one) => one.chance)), values: shown }
}

function rest(all: SetSize, some: SetSize): SetSize {
  return { rows: Math.max(0, all.rows - some.rows), weight: Math.max(0, all.weight - some.weight) }
}

function valueOf(
  value: string,
  [a, b]: readonly [SetSize, SetSize],
  { selected, baseline, compared }: RankContext & { compared: number },
): DifferentValue {
  const chance = chanceOf({ hitsA: a.rows, rowsA: selected.rows, hitsB: b.rows, rowsB: baseline.rows })
  return {
    value,
    selected: a.rows,
    baseline: b.rows,
    selectedShare: selected.weight === 0 ? 0 : a.weight / selected.weight,
    baselineShare: baseline.weight === 0 ? 0 : b.weight / baseline.weight,
    // Bonferroni: of so many values, one differs by chance more easily.
    chance: Math.min(1, chance * compared),
  }
}
