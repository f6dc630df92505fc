/** The columns of a file, each with what it stands for. */
import type { ImportPreviewBody, ImportTimeFormat } from '@bellwether/protocol'
import { Select, TextInput } from '@mantine/core'
import { type ColumnRole, type Mapping, rolesOf, type Separator, withRole } from './mapping.ts'

const roleChoices: { value: ColumnRole; label: string }[] = [
  { value: 'time', label: 'Time' },
  { value: 'value', label: 'Value' },
  { value: 'label', label: 'Label' },
  { value: 'name', label: "Metric's name" },
  { value: 'none', label: 'Left out' },
]

const timeChoices: { value: ImportTimeFormat; label: string }[] = [
  { value: 'auto', label: 'Found out by each time' },
  { value: 'rfc3339', label: 'Date and time (RFC 3339)' },
  { value: 's', label: 'Seconds since 1970' },
  { value: 'ms', label: 'Milliseconds since 1970' },
  { value: 'us', label: 'Microseconds since 1970' },
  { value: 'ns', label: 'Nanoseconds since 1970' },
]

const separatorChoices: { value: Separator; label: string }[] = [
  { value: ',', label: 'Comma' },
  { value: ';', label: 'Semicolon' },
  { value: 'tab', label: 'Tab' },
  { value: '|', label: 'Vertical bar' },
]

export interface SeparatorChoiceProps {
  readonly separator: Separator
  readonly onChange: (separator: Separator) => void
}

export function SeparatorChoice({ separator, onChange }: SeparatorChoiceProps) {
  return (
    <div className="bw-roles">
      <Select
        label="Between the columns"
        data={separatorChoices}
        value={separator}
        allowDeselect={false}
        onChange={(value) => {
          const chosen = separatorChoices.find((choice) => choice.value === value)?.value
          if (chosen !== undefined) onChange(chosen)
        }}
      />
    </div>
  )
}

export interface ColumnRolesProps {
  readonly preview: ImportPreviewBody
  readonly mapping: Mapping
  readonly onChange: (mapping: Mapping) => void
}

export function ColumnRoles({ preview, mapping, onChange }: ColumnRolesProps) {
  if (preview.columns.length === 0) return null
  const roles = mapping.roles ?? rolesOf(preview.columns, preview.mapping)
  return (
    <div className="bw-roles">
      {preview.columns.map((column) => (
        <Select
          key={column}
          label={column}
          data={roleChoices}
          value={roles[column] ?? 'none'}
          allowDeselect={false}
          onChange={(value) => {
            const role = roleChoices.find((choice) => choice.value === value)?.value
            if (role !== undefined) onChange({ ...mapping, roles: withRole(roles, column, role) })
          }}
        />
      ))}
      <Select
        label="Times are"
        data={timeChoices}
        value={mapping.timeFormat}
        allowDeselect={false}
        onChange={(value) => {
          const timeFormat = timeChoices.find((choice) => choice.value === value)?.value
          if (timeFormat !== undefined) onChange({ ...mapping, timeFormat })
        }}
      />
      <TextInput
        label="Name of the metric"
        placeholder="that of the column"
        value={mapping.name}
        onChange={(event) => onChange({ ...mapping, name: event.currentTarget.value })}
      />
    </div>
  )
}
