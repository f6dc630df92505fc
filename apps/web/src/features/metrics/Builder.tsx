/** The builder: metric → filters → over time → together. Every change writes the query anew. */
import { Autocomplete, MultiSelect, Select, type ComboboxItem, type OptionsFilter } from '@mantine/core'
import type { Metric } from '@bellwether/protocol'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { formatCount } from '../../lib/units.ts'
import { IconButton } from '../../ui/Button.tsx'
import { usePlace } from '../session/index.ts'
import { aggregations, autoWindow, matchOps, suggestQuery, windowFunctions, type BuilderQuery, type Filter } from './builder-model.ts'
import { rankNames } from './metric-list.ts'
import { tagsQuery, tagValuesQuery } from './metrics.queries.ts'
import { useMetrics } from './use-metrics.ts'
import './builder.css'

/** Options drawn in one list; typing narrows the rest. */
const optionsShownMax = 100
const windows: readonly ComboboxItem[] = [
  { value: autoWindow, label: 'auto' },
  ...['1m', '2m', '5m', '10m', '30m', '1h', '6h', '1d'].map((value) => ({ value, label: value })),
]

export interface BuilderProps {
  readonly letter: string
  readonly query: BuilderQuery
  readonly metrics: readonly Metric[]
  readonly onChange: (query: BuilderQuery) => void
}

export function Builder({ letter, query, metrics, onChange }: BuilderProps) {
  const { projectPath } = usePlace()
  const { isCut } = useMetrics('')
  // A metric that does not exist has no labels to ask for.
  const isKnown = query.metric !== '' && (isCut || metrics.some((metric) => metric.name === query.metric))
  const tags = useQuery({ ...tagsQuery(projectPath, query.metric), enabled: isKnown })
  const labels = (tags.data?.items ?? []).map((tag) => tag.name).filter((name) => name !== '__name__')
  const setFilter = (index: number, filter: Filter | null): void => {
    const filters = query.filters.flatMap((each, at) => (at === index ? (filter === null ? [] : [filter]) : [each]))
    onChange({ ...query, filters })
  }
  return (
    <div className="bw-builder" role="group" aria-label={`Query ${letter}`}>
      <MetricPicker letter={letter} metric={query.metric} onPick={(metric) => onChange(suggestQuery(metric))} />
      {query.metric !== '' && (
        <>
          {query.filters.map((filter, index) => (
            <FilterField key={index} filter={filter} labels={labels} metric={query.metric} onChange={(next) => setFilter(index, next)} />
          ))}
          <IconButton
            icon="filter"
            label="Add a filter"
            onClick={() => onChange({ ...query, filters: [...query.filters, { label: '', op: '=', value: '' }] })}
          />
          <OverTime query={query} onChange={onChange} />
          <Together query={query} labels={labels} onChange={onChange} />
        </>
      )}
    </div>
  )
}

interface MetricPickerProps {
  readonly letter: string
  readonly metric: string
  readonly onPick: (metric: { readonly name: string; readonly type: string }) => void
}

/** What Enter takes is the first: the name that was typed, when there is one. */
const bestFirst: OptionsFilter = ({ options, search, limit }) => {
  const names = options.flatMap((option) => ('value' in option ? [String(option.value)] : []))
  return rankNames(names, search)
    .slice(0, limit)
    .map((name) => ({ value: name, label: name }))
}

function MetricPicker({ letter, metric, onPick }: MetricPickerProps) {
  const [text, setText] = useState('')
  // The field holds the chosen name until someone types.
  const metrics = useMetrics(text === metric ? '' : text).items ?? []
  const byName = new Map(metrics.map((each) => [each.name, each]))
  const names = metrics.map((each) => each.name)
  return (
    <Select
      className="bw-builder__metric"
      aria-label={`Metric of query ${letter}`}
      placeholder="Choose a metric…"
      searchable
      searchValue={text}
      onSearchChange={setText}
      filter={bestFirst}
      selectFirstOptionOnChange
      limit={optionsShownMax}
      data={metric === '' || byName.has(metric) ? names : [metric, ...names]}
      value={metric === '' ? null : metric}
      onChange={(name) => {
        if (name !== null) onPick(byName.get(name) ?? { name, type: 'unknown' })
      }}
      nothingFoundMessage="No metric has this in its name"
      comboboxProps={{ width: 480, position: 'bottom-start' }}
      renderOption={({ option }) => {
        const found = byName.get(option.value)
        return (
          <div className="bw-builder__option">
            <span className="bw-mono bw-truncate">{option.value}</span>
            <span className="bw-dim">{found === undefined ? '' : `${found.type} · ${formatCount(found.seriesCount)}`}</span>
          </div>
        )
      }}
    />
  )
}

interface FilterFieldProps {
  readonly filter: Filter
  readonly labels: readonly string[]
  readonly metric: string
  /** Null removes the filter. */
  readonly onChange: (filter: Filter | null) => void
}

function FilterField({ filter, labels, metric, onChange }: FilterFieldProps) {
  const { projectPath } = usePlace()
  const values = useQuery(tagValuesQuery(projectPath, metric, filter.label))
  const offered = (values.data?.items ?? []).map((item) => item.value).filter((value) => value !== '')
  return (
    <div className="bw-builder__filter" role="group" aria-label={`Filter ${filter.label}`}>
      <Select
        aria-label="Label"
        placeholder="label"
        searchable
        selectFirstOptionOnChange
        limit={optionsShownMax}
        data={filter.label === '' || labels.includes(filter.label) ? [...labels] : [filter.label, ...labels]}
        value={filter.label === '' ? null : filter.label}
        onChange={(label) => onChange({ ...filter, label: label ?? '', value: '' })}
        comboboxProps={{ width: 240, position: 'bottom-start' }}
        className="bw-builder__label"
      />
      <Select
        aria-label="Comparison"
        data={[...matchOps]}
        value={filter.op}
        allowDeselect={false}
        onChange={(op) => onChange({ ...filter, op: matchOps.find((each) => each === op) ?? '=' })}
        className="bw-builder__op"
        withCheckIcon={false}
        rightSection={null}
        rightSectionWidth={0}
      />
      <Autocomplete
        aria-label={`Value of ${filter.label}`}
        placeholder={values.isFetching ? 'loading…' : 'value'}
        data={[...new Set(offered)]}
        limit={optionsShownMax}
        value={filter.value}
        onChange={(value) => onChange({ ...filter, value })}
        comboboxProps={{ width: 320, position: 'bottom-start' }}
        className="bw-builder__value"
      />
      <IconButton icon="close" small label={`Remove the filter ${filter.label}`} onClick={() => onChange(null)} />
    </div>
  )
}

interface PartProps {
  readonly query: BuilderQuery
  readonly onChange: (query: BuilderQuery) => void
}

function OverTime({ query, onChange }: PartProps) {
  const listed = windows.some((each) => each.value === query.window)
    ? [...windows]
    : [...windows, { value: query.window, label: query.window }]
  return (
    <div className="bw-builder__joined">
      <Select
        aria-label="Function over time"
        placeholder="as it is"
        clearable
        data={[...windowFunctions]}
        value={query.func}
        onChange={(func) => onChange({ ...query, func: windowFunctions.find((each) => each === func) ?? null })}
        comboboxProps={{ width: 180, position: 'bottom-start' }}
        className="bw-builder__func"
      />
      {query.func !== null && (
        <Select
          aria-label="Window"
          title="How far the function looks back; auto grows with the range"
          data={listed}
          allowDeselect={false}
          value={query.window}
          onChange={(window) => onChange({ ...query, window: window ?? autoWindow })}
          className="bw-builder__window"
        />
      )}
    </div>
  )
}

const quantiles: readonly number[] = [0.5, 0.75, 0.9, 0.95, 0.99, 0.999]

function Together({ query, labels, onChange }: PartProps & { readonly labels: readonly string[] }) {
  const isHistogram = query.quantile !== null || query.metric.endsWith('_bucket')
  const offered = labels.filter((label) => label !== 'le')
  const choices = [
    ...(isHistogram ? quantiles.map((value) => ({ value: `p${value}`, label: `p${Number((value * 100).toFixed(3))}` })) : []),
    ...aggregations,
  ]
  const value = query.quantile === null ? query.aggregation : `p${query.quantile}`
  const choose = (chosen: string | null): void => {
    if (chosen?.startsWith('p') === true)
      onChange({ ...query, quantile: Number(chosen.slice(1)), aggregation: 'sum', func: query.func ?? 'rate' })
    else {
      const aggregation = aggregations.find((each) => each === chosen) ?? null
      onChange({ ...query, quantile: null, aggregation, by: aggregation === null ? [] : query.by })
    }
  }
  return (
    <div className="bw-builder__joined">
      <Select
        aria-label="Aggregation"
        placeholder="each series"
        clearable
        data={choices}
        value={value}
        onChange={choose}
        comboboxProps={{ width: 140, position: 'bottom-start' }}
        className="bw-builder__agg"
      />
      {query.aggregation !== null && (
        <MultiSelect
          aria-label="Aggregate by"
          placeholder={query.by.length === 0 ? 'by…' : ''}
          data={[...new Set([...offered, ...query.by])]}
          value={[...query.by]}
          onChange={(by) => onChange({ ...query, by })}
          searchable
          selectFirstOptionOnChange
          limit={optionsShownMax}
          comboboxProps={{ width: 240, position: 'bottom-start' }}
          className="bw-builder__by"
        />
      )}
    </div>
  )
}
