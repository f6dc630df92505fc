/** What the column of facets shows. Pure. */
import type { LogsFacet, LogsFacets } from '@bellwether/protocol'
import { filtersOf } from '../../ui/search-filters.ts'

/** Facets whose name has the text, and those with values that have it, cut to these. */
export function findFacets(facets: readonly LogsFacet[], text: string): readonly LogsFacet[] {
  const wanted = text.trim().toLowerCase()
  if (wanted === '') return facets
  return facets.flatMap((facet) => {
    if (facet.field.toLowerCase().includes(wanted)) return [facet]
    const values = facet.values.filter(({ value }) => value.toLowerCase().includes(wanted))
    return values.length === 0 ? [] : [{ ...facet, values }]
  })
}

/** Rows that the counts of values are of: of a sample those that were looked at, with their weights; every row has a severity. */
export function rowsCounted({ basis, items, rows }: Pick<LogsFacets, 'basis' | 'items' | 'rows'>): number {
  return basis === 'sample' ? items.reduce((most, facet) => Math.max(most, facet.rows), 0) : rows
}

/** Values that the search leaves out and that are therefore in no row found. */
export function leftOutValues(query: string, field: string, found: readonly { readonly value: string }[]): readonly string[] {
  const there = new Set(found.map(({ value }) => value))
  return filtersOf(query).flatMap((filter) => (filter.exclude && filter.field === field && !there.has(filter.value) ? [filter.value] : []))
}
