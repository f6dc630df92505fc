/** Names to fields: aliases, where attributes are looked for, and what was meant by a name that is nearly right. */
import type { SearchField, SearchFields } from './ports.ts'
import type { Place } from './plan.ts'
import { isFieldName } from './text-reader.ts'

export type Resolved =
  | { readonly field: SearchField }
  | { readonly places: readonly Place[]; readonly key: string }
  | { readonly any: true }

/** What a written name stands for. Every name stands for something: those that are not in the catalogue are attributes. */
export function resolveName(fields: SearchFields, name: string): Resolved {
  if (name === '*') return { any: true }
  const own = /^(?:@|attr\.|attributes\.)(.+)$/s.exec(name)?.[1]
  if (own !== undefined) return { places: [{ in: 'row', key: own }], key: own }
  const field = fieldNamed(fields, name)
  if (field !== null) return { field }
  const resource = /^resource\.(.+)$/s.exec(name)?.[1]
  if (resource !== undefined && fields.resources !== null) return { places: [{ in: 'resource', key: resource }], key: resource }
  const row: Place = { in: 'row', key: name }
  return { places: fields.resources === null ? [row] : [row, { in: 'resource', key: name }], key: name }
}

/** The field with this name or alias. */
export function fieldNamed(fields: SearchFields, name: string): SearchField | null {
  return fields.fields.find((one) => one.name === name || one.aliases?.includes(name) === true) ?? null
}

/** A name as it stands before a colon: quoted where it needs it. Answers of every kind write fields like this. */
export function writtenName(name: string): string {
  return isFieldName(name) ? name : quotedText(name)
}

/** An attribute of the row itself, found whatever fields and resources have the name too. */
export function writtenAttribute(key: string): string {
  return writtenName(`@${key}`)
}

/** An attribute of where the row came from. */
export function writtenResource(key: string): string {
  return writtenName(`resource.${key}`)
}

/** A text in quotes that is read as exactly itself. */
export function quotedText(text: string): string {
  const body = text.replaceAll(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t')
  return `"${body}"`
}

/**
 * How many single characters must be changed, put in, taken out or swapped with their neighbour to make one of the other; given up beyond
 * `most`.
 */
function editDistance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1
  let beforeLast: number[] = []
  let before = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let least = Math.min((before[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (before[j - 1] ?? 0) + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, (beforeLast[j - 2] ?? 0) + 1)
      row.push(least)
    }
    beforeLast = before
    before = row
  }
  return before[b.length] ?? 0
}

/** The one of `names` that was probably meant, null when none is near. */
export function nearest(name: string, names: readonly string[]): string | null {
  const most = name.length > 5 ? 2 : 1
  let best: string | null = null
  let least = most + 1
  for (const one of names) {
    const distance = editDistance(name.toLowerCase(), one.toLowerCase(), most)
    if (distance < least) {
      least = distance
      best = one
    }
  }
  return best
}

const nearNamesMax = 3
/** Shorter names are near to too many. */
const nearLengthMin = 3

/**
 * Those of `names` that were probably meant, the nearest first: the same but for case and signs between words (`http_route` for
 * `http.route`), a few letters wrong, or the last word of a longer name (`route`).
 */
export function nearNames(name: string, names: readonly string[]): string[] {
  if (name.length < nearLengthMin) return []
  const lower = name.toLowerCase()
  const letters = lettersOf(name)
  const most = name.length > 5 ? 2 : 1
  const found = new Map<string, number>()
  for (const one of names) {
    const other = one.toLowerCase()
    const distance = lettersOf(one) === letters ? 0 : editDistance(lower, other, most)
    if (distance <= most) found.set(one, distance)
    else if (other.endsWith(`.${lower}`) || other.endsWith(`_${lower}`)) found.set(one, most + 1)
  }
  return [...found]
    .sort(([a, near], [b, far]) => near - far || (a < b ? -1 : 1))
    .slice(0, nearNamesMax)
    .map(([one]) => one)
}

function lettersOf(name: string): string {
  return name.toLowerCase().replaceAll(/[._\-\s]/g, '')
}
