/** A batch of the collector as JSON: `[{name | mri, value | values, type?, unit?, tags?, timestamp?}]`, or the same as `{"metrics": [...]}`. */
import { AppError } from '../../kernel/errors.ts'
import type { AggregateType, Observation, ObservationRefusal } from '../../metrics/index.ts'
import { looksLikeMri } from '../../naming/index.ts'
import { hasMoreJsonThan } from '../body/json-extent.ts'
import { bodyMalformed } from '../errors.ts'

/** Items of one batch. */
export const batchItemsMax = 10_000
/** Values of all items of one batch. */
export const batchValuesMax = 100_000
/** Objects, arrays and members in the JSON of one batch: thirty of them for each item. */
export const batchExtentMax = 300_000

/** One item: its observations, or why it has none. */
export type BatchItem =
  | { readonly type: 'ok'; readonly observations: readonly Observation[] }
  | (ObservationRefusal & { readonly values: number })

const types: readonly string[] = ['counter', 'gauge', 'distribution', 'set'] satisfies AggregateType[]

function isType(text: unknown): text is AggregateType {
  return typeof text === 'string' && types.includes(text)
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Errors: `body.malformed`, for a body that is no batch at all. */
export function parseBatch(bytes: Uint8Array): BatchItem[] {
  const read = readJson(bytes)
  const items: unknown = isRecord(read) && Array.isArray(read['metrics']) ? read['metrics'] : read
  if (!Array.isArray(items)) throw malformed('the body is no list of metrics')
  if (items.length > batchItemsMax) throw malformed(`${items.length} items, allowed are ${batchItemsMax}`)
  const batch = items.map(itemOf)
  const values = batch.reduce((sum, item) => sum + (item.type === 'ok' ? item.observations.length : item.values), 0)
  if (values > batchValuesMax) throw malformed(`${values} values, allowed are ${batchValuesMax}`)
  return batch
}

function readJson(bytes: Uint8Array): unknown {
  if (hasMoreJsonThan(bytes, batchExtentMax)) throw malformed(`it has more than ${batchExtentMax} objects, lists and members`)
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    throw malformed('it is no valid UTF-8')
  }
  try {
    return JSON.parse(text)
  } catch {
    throw malformed('it is no JSON')
  }
}

function malformed(why: string): AppError {
  return new AppError(bodyMalformed, { publicText: `The batch cannot be read: ${why}.` })
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function reject(reason: string, detail: string, values = 1): BatchItem {
  return { type: 'reject', reason, detail, values: Math.max(values, 1) }
}

function itemOf(item: unknown): BatchItem {
  if (!isRecord(item)) return reject('item_invalid', 'an item is no object')
  const { mri, unit, timestamp } = item
  const name = mri ?? item['name']
  const values: unknown = 'values' in item ? item['values'] : 'value' in item ? [item['value']] : []
  if (typeof name !== 'string') return reject('name_missing', 'an item has no name')
  const count = Array.isArray(values) ? values.length : 1
  const shown = name.slice(0, 60)
  if (name === mri && !looksLikeMri(mri)) return reject('mri_invalid', `${shown} is no MRI (type:namespace/name@unit)`, count)
  if (!Array.isArray(values) || count === 0) return reject('value_missing', `${shown}: there is no value`)
  if (item['type'] !== undefined && !isType(item['type'])) {
    return reject('type_unknown', `${shown}: a type is one of ${types.join(', ')}`, count)
  }
  if (unit !== undefined && typeof unit !== 'string') return reject('unit_invalid', `${shown}: the unit is no text`, count)
  const tags = item['tags'] ?? {}
  if (!isTags(tags)) return reject('tag_value_invalid', `${shown}: tags are texts, numbers or booleans by name`, count)
  const timeMs = timestamp === undefined ? undefined : timeOf(timestamp)
  // JSON writes NaN and infinities as null.
  if (values.includes(null)) return reject('value_not_finite', `${shown}: a value is null`, count)
  if (!values.every((value) => typeof value === 'number' || typeof value === 'string')) {
    return reject('value_not_a_number', `${shown}: a value is neither number nor text`, count)
  }
  const common = {
    name,
    // All values of the item share them, so that they are judged once.
    tags: Object.freeze(tags),
    ...(isType(item['type']) ? { type: item['type'] } : {}),
    ...(unit === undefined ? {} : { unit }),
    ...(timeMs === undefined ? {} : { timeMs }),
  }
  return { type: 'ok', observations: values.map((value) => ({ ...common, value })) }
}

function isTags(tags: unknown): tags is Record<string, string | number | boolean> {
  return isRecord(tags) && Object.values(tags).every((value) => ['string', 'number', 'boolean'].includes(typeof value))
}

/** RFC 3339, or ms since 1970; NaN for anything else, which the rules refuse. */
function timeOf(timestamp: unknown): number {
  if (typeof timestamp === 'number') return timestamp
  return typeof timestamp === 'string' && /^\d{4}-\d\d-\d\dT.*(?:Z|[+-]\d\d:\d\d)$/.test(timestamp) ? Date.parse(timestamp) : NaN
}
