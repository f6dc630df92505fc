/** Columns to series: which column is the time, which are values and labels. What the sender left open is found by names and a first row. */
import { AppError } from '../../kernel/errors.ts'
import type { Labels } from '../../metrics/index.ts'
import { normalizedLabels, shown } from '../decode/label-text.ts'
import { importMapping } from './errors.ts'
import { columnsMax } from './limits.ts'
import type { FoundMapping, ImportMapping } from './ports.ts'
import { parseTime } from './times.ts'

const timeNames = ['time', 'timestamp', '_time', 'ts', 'date', 'datetime', 'date_time', 'time_iso']
const nameNames = ['__name__', 'metric', 'metric_name', '_measurement']
const valueNames = ['value', '_value']

/** A column that a row may lack: null. */
export type Cells = (column: string) => string | null

/** Errors: `import.mapping`. */
export function findMapping(columns: readonly string[], first: Cells, given: ImportMapping): FoundMapping {
  if (columns.length > columnsMax) throw fault(`There are ${columns.length} columns; at most ${columnsMax} are read.`)
  const known = (column: string): string => {
    if (!columns.includes(column))
      throw fault(`There is no column ${shown(column)}; there are ${columns.slice(0, 20).map(shown).join(', ')}.`)
    return column
  }
  const time = given.time === undefined ? findTime(columns, first) : known(given.time)
  const nameColumn =
    given.nameColumn === undefined ? (given.name === undefined ? (named(columns, nameNames) ?? '') : '') : known(given.nameColumn)
  const rest = columns.filter((column) => column !== time && column !== nameColumn)
  const labels = given.labels?.map(known)
  const values =
    given.values?.map(known) ??
    findValues(
      rest.filter((column) => labels?.includes(column) !== true),
      first,
    )
  if (values.length === 0) throw fault('No column holds numbers in the first row; name the columns of values.')
  return {
    time,
    timeFormat: given.timeFormat ?? 'auto',
    values,
    labels: labels ?? rest.filter((column) => !values.includes(column)),
    name: given.name ?? '',
    nameColumn,
  }
}

function findTime(columns: readonly string[], first: Cells): string {
  const found = named(columns, timeNames) ?? columns.find((column) => !Number.isNaN(parseTime(first(column) ?? '', 'rfc3339')))
  if (found === undefined) throw fault(`No column is named like a time (${timeNames.join(', ')}); name the column of times.`)
  return found
}

/** In a long table the column `value` is the value, whatever else is a number. */
function findValues(columns: readonly string[], first: Cells): string[] {
  const value = named(columns, valueNames)
  if (value !== null) return [value]
  return columns.filter((column) => parseValue(first(column) ?? '') !== null)
}

function named(columns: readonly string[], names: readonly string[]): string | null {
  for (const name of names) {
    const found = columns.find((column) => column.trim().toLowerCase() === name)
    if (found !== undefined) return found
  }
  return null
}

function fault(publicText: string): AppError {
  return new AppError(importMapping, { publicText })
}

/** A number, `true` or `false`; null for anything else. NaN and infinities are none: Prometheus' exports write them, and they say nothing. */
export function parseValue(text: string): number | null {
  const trimmed = text.trim()
  if (/^true$/i.test(trimmed)) return 1
  if (/^false$/i.test(trimmed)) return 0
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed)) return null
  const value = Number(trimmed)
  return Number.isFinite(value) ? value : null
}

/** The labels of a row's value in `column`; '' as name when the row has none. */
export function labelsOfRow(found: FoundMapping, cells: Cells, column: string, extra: ImportMapping['extraLabels'] = []): Labels {
  const pairs = new Map<string, string>(extra.map(([name, value]) => [labelName(name), value]))
  for (const label of found.labels) pairs.set(labelName(label), cells(label) ?? '')
  pairs.set('__name__', nameOfRow(found, cells, column))
  return normalizedLabels([...pairs])
}

function nameOfRow({ name, nameColumn, values }: FoundMapping, cells: Cells, column: string): string {
  const base = nameColumn === '' ? name : (cells(nameColumn) ?? '')
  if (nameColumn !== '' && base === '') return ''
  const isPlain = base !== '' && values.length === 1
  return plain(isPlain ? base : base === '' ? column.trim() : `${base}_${column.trim()}`, /[^a-zA-Z0-9_:]/g)
}

function labelName(column: string): string {
  return plain(column.trim(), /[^a-zA-Z0-9_]/g)
}

/** What PromQL can name without quotes. */
function plain(name: string, others: RegExp): string {
  const replaced = name.replaceAll(others, '_')
  return /^[0-9]/.test(replaced) ? `_${replaced}` : replaced
}
