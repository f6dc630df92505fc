/** A few choices side by side, one pressed. Arrow keys move as in a radio group. */
import './segmented.css'

export interface SegmentedProps<Value extends string> {
  readonly label: string
  readonly value: Value
  readonly options: readonly { readonly value: Value; readonly label: string }[]
  readonly onChange: (value: Value) => void
}

export function Segmented<Value extends string>({ label, value, options, onChange }: SegmentedProps<Value>) {
  return (
    <fieldset className="bw-segmented">
      <legend className="bw-sr">{label}</legend>
      {options.map((option) => (
        <label key={option.value} className={option.value === value ? 'bw-segmented__on' : ''}>
          <input
            type="radio"
            className="bw-sr"
            name={label}
            value={option.value}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
          />
          {option.label}
        </label>
      ))}
    </fieldset>
  )
}
