/** Which environment is looked at; shown when there is more than one. */
export interface EnvironmentSelectProps {
  readonly environments: readonly string[]
  readonly value: string
  readonly onChange: (environment: string | undefined) => void
}

export function EnvironmentSelect({ environments, value, onChange }: EnvironmentSelectProps) {
  const named = environments.filter((each) => each !== '')
  if (named.length < 2 && value === '') return null
  const all = named.includes(value) || value === '' ? named : [...named, value]
  return (
    <label className="bw-environment">
      <span>Environment</span>
      <select value={value} onChange={(event) => onChange(event.currentTarget.value === '' ? undefined : event.currentTarget.value)}>
        <option value="">all</option>
        {all.map((each) => (
          <option key={each} value={each}>
            {each}
          </option>
        ))}
      </select>
    </label>
  )
}
