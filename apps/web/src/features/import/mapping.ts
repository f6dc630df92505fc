/** What people say about the columns of a file, and how it is told to the server. */
import type { ImportMappingBody, ImportTimeFormat } from '@bellwether/protocol'

export type ColumnRole = 'time' | 'value' | 'label' | 'name' | 'none'

export interface Mapping {
  /** Null: the server finds out by names and the first row. */
  readonly roles: Readonly<Record<string, ColumnRole>> | null
  readonly timeFormat: ImportTimeFormat
  readonly name: string
  /** Of CSV; of JSON lines null. */
  readonly separator: Separator | null
}

export type Separator = ',' | ';' | 'tab' | '|'

export const foundByServer: Mapping = { roles: null, timeFormat: 'auto', name: '', separator: null }

/** The role of each column in what the server found; all labels when it could not. */
export function rolesOf(columns: readonly string[], found: ImportMappingBody | null): Record<string, ColumnRole> {
  const roleOf = (column: string): ColumnRole => {
    if (found === null) return 'label'
    if (column === found.time) return 'time'
    if (column === found.nameColumn) return 'name'
    if (found.values.includes(column)) return 'value'
    return found.labels.includes(column) ? 'label' : 'none'
  }
  return Object.fromEntries(columns.map((column) => [column, roleOf(column)]))
}

/** With `column` in its new role; there is one time and at most one name, so who had it before becomes a label. */
export function withRole(roles: Readonly<Record<string, ColumnRole>>, column: string, role: ColumnRole): Record<string, ColumnRole> {
  const single = role === 'time' || role === 'name'
  return Object.fromEntries(
    Object.entries(roles).map(([other, had]) => [other, other === column ? role : single && had === role ? 'label' : had]),
  )
}

export function mappingParameters({ roles, timeFormat, name, separator }: Mapping): Record<string, string> {
  const parameters: Record<string, string> = {}
  if (separator !== null && separator !== ',') parameters['delimiter'] = separator
  if (timeFormat !== 'auto') parameters['timeFormat'] = timeFormat
  if (name.trim() !== '') parameters['name'] = name.trim()
  if (roles === null) return parameters
  const having = (role: ColumnRole): string[] => Object.keys(roles).filter((column) => roles[column] === role)
  const [time] = having('time')
  const [nameColumn] = having('name')
  const values = having('value')
  if (time !== undefined) parameters['time'] = time
  if (nameColumn !== undefined) parameters['nameColumn'] = nameColumn
  if (values.length > 0) parameters['values'] = listText(values)
  parameters['labels'] = listText(having('label'))
  return parameters
}

/** A list in one parameter: with commas, quoted as in CSV where a name needs it. */
function listText(names: readonly string[]): string {
  return names.map((name) => (/[",]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name)).join(',')
}

const separators: readonly (readonly [Separator, string])[] = [
  [',', ','],
  [';', ';'],
  ['tab', '\t'],
  ['|', '|'],
]

/** The separator that stands most often in the first line, outside of quotes; a comma when none does. */
export function separatorOf(head: string): Separator {
  const [line = ''] = head.replace(/"[^"]*"/g, '').split(/\r?\n/, 1)
  let best: Separator = ','
  let most = 0
  for (const [separator, character] of separators) {
    const count = line.split(character).length - 1
    if (count > most) [best, most] = [separator, count]
  }
  return best
}
