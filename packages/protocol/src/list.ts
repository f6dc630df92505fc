/** Lists of the own API: a page of items and where the next one starts. */
import { z } from 'zod'

export interface Page<Item> {
  items: Item[]
  /** Give it back as `cursor` for the next page; null at the end. */
  next: string | null
}

export function pageSchema<Item>(item: z.ZodType<Item>): z.ZodType<Page<Item>> {
  return z.object({ items: z.array(item), next: z.string().nullable() })
}

/** RFC 3339 in UTC, milliseconds. */
export const timeSchema: z.ZodType<string> = z.iso.datetime()

/** Query string of a list. */
export interface PageQuery {
  limit: number
  cursor: string | null
}

/** `limit` 1 to 1,000, 100 when absent. */
export const pageQuerySchema: z.ZodType<PageQuery> = z.object({
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().min(1).max(400).nullable().default(null),
})
