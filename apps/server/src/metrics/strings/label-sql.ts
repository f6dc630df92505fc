/**
 * Statements about labels of rows of series, whether those have them as text (`labels`) or as ids (`tag_keys`, `tag_values`). Texts come as
 * parameters of the statement.
 */
import { seriesTable, stringsTable } from '../tables.ts'

/** Ids that a text has in the organization; names of statement parameters with their type, e.g. `{k0:String}`. */
function idsOf(organizationId: number, condition: string): string {
  return `(SELECT groupArray(id) FROM ${stringsTable} WHERE org = ${organizationId} AND ${condition})`
}

/** Rows whose label `name` (a String parameter) is one of `values` (an Array(String) parameter). */
export function labelIsIn(organizationId: number, name: string, values: string): string {
  const names = idsOf(organizationId, `string = ${name}`)
  const texts = idsOf(organizationId, `string IN ${values}`)
  const byIds = `arrayExists((key, value) -> has(${names}, key) AND has(${texts}, value), tag_keys, tag_values)`
  return `(labels[${name}] IN ${values} OR ${byIds})`
}

/** All label names of the rows that satisfy `condition`, as column `found`. */
export function labelNamesSql(organizationId: number, condition: string): string {
  return `SELECT DISTINCT found FROM (
    SELECT arrayJoin(mapKeys(labels)) AS found FROM ${seriesTable} WHERE ${condition}
    UNION ALL
    SELECT string AS found FROM ${stringsTable} WHERE org = ${organizationId}
      AND id IN (SELECT arrayJoin(tag_keys) FROM ${seriesTable} WHERE ${condition})
  )`
}

/** All values of the label `name` (a String parameter), as column `found`. */
export function labelValuesSql(organizationId: number, name: string, condition: string): string {
  const names = idsOf(organizationId, `string = ${name}`)
  const values = `arrayJoin(arrayFilter((value, key) -> has(${names}, key), tag_values, tag_keys))`
  return `SELECT DISTINCT found FROM (
    SELECT labels[${name}] AS found FROM ${seriesTable} WHERE ${condition}
    UNION ALL
    SELECT string AS found FROM ${stringsTable} WHERE org = ${organizationId}
      AND id IN (SELECT ${values} FROM ${seriesTable} WHERE ${condition})
  ) WHERE found != ''`
}
