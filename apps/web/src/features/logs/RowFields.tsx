/** Names and values of a row, each with one press to ask for it, leave it out, show it as a column, copy it. */
import { IconButton } from '../../ui/Button.tsx'
import { CopyButton } from '../../ui/CopyButton.tsx'
import type { RowField } from './log-fields.ts'
import { extraColumnsMax } from './logs-search.ts'
import type { LogsState } from './use-logs.ts'

export interface RowFieldsProps {
  readonly title: string
  readonly fields: readonly RowField[]
  readonly state: LogsState
}

export function RowFields({ title, fields, state }: RowFieldsProps) {
  if (fields.length === 0) return null
  return (
    <section aria-label={title} className="bw-row-fields">
      <h3>
        {title} <span className="bw-dim">{fields.length}</span>
      </h3>
      <dl>
        {fields.map((field) => (
          <FieldRow key={field.name} field={field} state={state} />
        ))}
      </dl>
    </section>
  )
}

/** Fields that the list shows anyway. */
const alwaysShown = new Set(['service', 'severity'])

function FieldRow({ field: { field, name, value }, state }: { readonly field: RowField; readonly state: LogsState }) {
  const columns = state.search.col ?? []
  const isColumn = field !== null && columns.includes(field)
  return (
    <div className="bw-row-field">
      <dt title={name}>{name}</dt>
      <dd>
        <span className="bw-row-field__value">{value === '' ? <span className="bw-dim">(empty)</span> : value}</span>
        <span className="bw-row-field__tools">
          {field !== null && (
            <>
              <IconButton
                small
                icon="filter"
                label={`Only rows with this ${name}`}
                onClick={() => state.addFilter({ field, value, exclude: false })}
              />
              <IconButton
                small
                icon="eyeOff"
                label={`Leave out rows with this ${name}`}
                onClick={() => state.addFilter({ field, value, exclude: true })}
              />
              {!alwaysShown.has(field) && (
                <IconButton
                  small
                  icon={isColumn ? 'check' : 'plus'}
                  label={isColumn ? `Remove column ${name}` : `Show ${name} as a column`}
                  aria-pressed={isColumn}
                  disabled={!isColumn && columns.length >= extraColumnsMax}
                  onClick={() => state.toggleColumn(field)}
                />
              )}
            </>
          )}
          <CopyButton text={value} what={`value of ${name}`} />
        </span>
      </dd>
    </div>
  )
}
