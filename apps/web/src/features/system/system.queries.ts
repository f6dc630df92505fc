/** State of the program and its engines. */
import { systemStatusBodySchema, type ComponentState, type ComponentStatus, type SystemStatusBody } from '@bellwether/protocol'
import { queryOptions } from '@tanstack/react-query'
import { request } from '../../lib/http.ts'
import type { Tone } from '../../ui/StatusMark.tsx'

export const systemQuery = queryOptions({
  queryKey: ['system'],
  queryFn: ({ signal }) => request('/api/0/system/status', systemStatusBodySchema, { signal }),
  staleTime: 1000,
})

const tones: Readonly<Record<ComponentState, Tone>> = { ok: 'ok', starting: 'warn', degraded: 'warn', down: 'down', off: 'paused' }

export function toneOf(state: ComponentState): Tone {
  return tones[state]
}

/** Worst first, then by name. */
export function byUrgency(components: readonly ComponentStatus[]): readonly ComponentStatus[] {
  const order: readonly ComponentState[] = ['down', 'degraded', 'starting', 'ok', 'off']
  return [...components].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || a.name.localeCompare(b.name))
}

/** The port where a listener takes data; null where it does not listen. */
export function listenerPort({ components }: SystemStatusBody, name: string): number | null {
  const listener = components.find((component) => component.kind === 'listener' && component.name === name)
  const port = /^port (\d+)$/.exec(listener?.state === 'ok' ? (listener.location ?? '') : '')?.[1]
  return port === undefined ? null : Number(port)
}

const names: Readonly<Record<string, string>> = {
  clickhouse: 'ClickHouse',
  postgres: 'PostgreSQL',
  'ingest-log': 'Ingest log',
  writer: 'Writer',
  head: 'Newest samples in memory',
}

export function componentName(name: string): string {
  return names[name] ?? name
}

/** What is said under an answer that does not come, by the state of what answers it. */
export function whyWaiting(components: readonly Pick<ComponentStatus, 'name' | 'state'>[]): string {
  const state = components.find(({ name }) => name === 'clickhouse')?.state
  if (state === 'starting') return 'Still asking: ClickHouse is starting.'
  if (state === 'degraded' || state === 'down') return 'Still asking: ClickHouse does not answer. The answer comes here when it does again.'
  return 'Still asking. A shorter range or a condition on the service is answered sooner.'
}
