/** What can stand where the caret is: names of fields and attributes, values that occur, words between conditions. */
import { placeOf, type CursorPlace } from './cursor-place.ts'
import { fieldNamed, quotedText, writtenName } from './field-table.ts'
import { suggestionsMax } from './limits.ts'
import type { SearchField, SearchFields, ValueProvider } from './ports.ts'

export interface Suggestion {
  readonly kind: 'field' | 'value' | 'operator'
  readonly label: string
  readonly insert: string
  readonly detail: string
}

export interface Completion {
  /** What a suggestion replaces: `[from, to)`. */
  readonly from: number
  readonly to: number
  readonly items: readonly Suggestion[]
}

export interface CompletionDeps {
  readonly fields: SearchFields
  readonly values: ValueProvider
}

/** `cursor` is a character offset in `text`. Never fails because of the text. */
export async function completeSearch(text: string, cursor: number, deps: CompletionDeps): Promise<Completion> {
  const place = placeOf(text, Math.min(cursor, text.length))
  const items = place.field === null || place.field === 'has' ? await names(place, deps) : await values(place, place.field, deps)
  return { from: place.from, to: place.to, items: items.slice(0, suggestionsMax) }
}

const examples: Readonly<Record<string, readonly string[]>> = {
  duration: ['>100ms', '>1s', '10ms..500ms'],
  size: ['>10kB', '>1MiB'],
  number: ['>0', '1..10'],
  time: ['>now-1h', '<now-1d'],
}

async function names(place: CursorPlace, { fields, values: provider }: CompletionDeps): Promise<Suggestion[]> {
  const prefix = place.written.toLowerCase()
  const isHas = place.field === 'has'
  const isOwn = prefix.startsWith('@')
  const tail = isHas ? ' ' : ':'
  const out: Suggestion[] = []
  for (const field of isOwn ? [] : fields.fields) {
    const alias = [field.name, ...(field.aliases ?? [])].find((name) => name.startsWith(prefix))
    if (alias === undefined) continue
    out.push({ kind: 'field', label: alias, insert: `${alias}${tail}`, detail: field.description })
  }
  out.push(...(isHas || isOwn ? [] : words(place)))
  for (const { value, count } of await provider.attributes(isOwn ? prefix.slice(1) : prefix, suggestionsMax)) {
    if (fieldNamed(fields, value) !== null && !isOwn) continue
    const name = writtenName(`${isOwn ? '@' : ''}${value}`)
    out.push({ kind: 'field', label: value, insert: `${name}${tail}`, detail: rowsText(count) })
  }
  return out
}

function words(place: CursorPlace): Suggestion[] {
  const all = [
    { word: 'AND', detail: 'both' },
    { word: 'OR', detail: 'one of both' },
    { word: 'NOT', detail: 'without what follows' },
    { word: 'has:', detail: 'the field is there' },
  ]
  const fitting = all.filter(({ word }) => {
    if (place.written !== '') return word.startsWith(place.written)
    return place.followsCondition || word === 'NOT' || word === 'has:'
  })
  return fitting.map(({ word, detail }) => ({ kind: 'operator', label: word, insert: word.endsWith(':') ? word : `${word} `, detail }))
}

async function values(place: CursorPlace, name: string, { fields, values: provider }: CompletionDeps): Promise<Suggestion[]> {
  const field = name === '*' ? null : fieldNamed(fields, name)
  const prefix = place.written.toLowerCase()
  const fixed = field === null ? null : fixedValues(field)
  if (fixed !== null) {
    return fixed.filter((value) => value.startsWith(prefix)).map((value) => suggestion(place, value, ''))
  }
  const shown = field === null ? [] : (examples[field.type] ?? [])
  if (shown.length > 0 || field?.type === 'text' || field?.type === 'id' || field?.type === 'hash' || name === '*') {
    return prefix === '' && !place.isCompared
      ? shown.map((text) => ({ kind: 'value', label: text, insert: `${text} `, detail: 'for example' }))
      : []
  }
  if (place.isCompared) return []
  const found = await provider.values(field?.name ?? name, place.written, suggestionsMax)
  return found.map(({ value, count }) => suggestion(place, value, rowsText(count)))
}

function fixedValues(field: SearchField): string[] | null {
  if (field.type === 'names') return (field.values ?? []).map((one) => one.name)
  return field.type === 'flag' ? ['true', 'false'] : null
}

function suggestion(place: CursorPlace, value: string, detail: string): Suggestion {
  const isPlain = place.quote === '' && /^[\w.,@#%+][\w.,:;@#%+/=&?-]*$/.test(value) && !/^(?:AND|OR|NOT)$/.test(value)
  return { kind: 'value', label: value, insert: `${isPlain ? value : quotedText(value)} `, detail }
}

function rowsText(count: number): string {
  return count > 0 ? `${count.toLocaleString('en')} rows` : ''
}
