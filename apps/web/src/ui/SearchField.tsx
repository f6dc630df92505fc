/** The field that narrows a list; `/` moves the focus here. */
import { Icon } from './Icon.tsx'
import './search-field.css'

export interface SearchFieldProps {
  readonly label: string
  readonly value: string
  readonly onChange: (text: string) => void
}

export function SearchField({ label, value, onChange }: SearchFieldProps) {
  return (
    <div className="bw-search-field">
      <Icon name="search" size={14} />
      <input
        type="search"
        aria-label={label}
        placeholder={label}
        value={value}
        data-search
        onChange={(event) => onChange(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && value !== '') onChange('')
          else if (event.key === 'Escape') event.currentTarget.blur()
        }}
      />
    </div>
  )
}
