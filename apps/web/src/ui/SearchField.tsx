/** The field that narrows a list; `/` moves the focus here. */
import { Icon } from './Icon.tsx'
import './search-field.css'

export interface SearchFieldProps {
  readonly label: string
  readonly value: string
  readonly onChange: (text: string) => void
  /** False for a second field of a page: `/` goes to the first. */
  readonly isPageSearch?: boolean
}

export function SearchField({ label, value, onChange, isPageSearch = true }: SearchFieldProps) {
  return (
    <div className="bw-search-field">
      <Icon name="search" size={14} />
      <input
        type="search"
        aria-label={label}
        placeholder={label}
        value={value}
        data-search={isPageSearch || undefined}
        onChange={(event) => onChange(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && value !== '') onChange('')
          else if (event.key === 'Escape') event.currentTarget.blur()
        }}
      />
    </div>
  )
}
