/** Severities of logs: OpenTelemetry's numbers 1 to 24 in six groups of four, 0 where the sender said none. */

export const severityNames = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'unknown'] as const
export type SeverityName = (typeof severityNames)[number]

const groups: readonly SeverityName[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']

/** The group of a number: 17 is an error. */
export function severityName(severity: number): SeverityName {
  return groups[Math.floor((severity - 1) / 4)] ?? 'unknown'
}

/** "ERROR", "WARN2", "—" where none was said. */
export function severityText(severity: number): string {
  const name = severityName(severity)
  if (name === 'unknown') return '—'
  const step = (severity - 1) % 4
  return step === 0 ? name.toUpperCase() : `${name.toUpperCase()}${step + 1}`
}

/** The name as the server or a search may write it. */
export function readSeverity(text: string): SeverityName {
  const name = text.toLowerCase()
  return severityNames.find((each) => each === name) ?? (/^\d+$/.test(name) ? severityName(Number(name)) : 'unknown')
}
