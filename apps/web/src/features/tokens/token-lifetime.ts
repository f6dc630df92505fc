/** How long a token works. */

export const lifetimes = [
  { value: '30', label: '30 days' },
  { value: '90', label: '90 days' },
  { value: '365', label: 'A year' },
  { value: 'never', label: 'Until revoked' },
] as const

/** The end of a lifetime as the API takes it; null never ends. */
export function expiryOf(lifetime: string, nowMs: number): string | null {
  const days = Number(lifetime)
  return Number.isFinite(days) && days > 0 ? new Date(nowMs + days * 86_400_000).toISOString() : null
}
