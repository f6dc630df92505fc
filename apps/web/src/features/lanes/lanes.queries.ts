/** Lanes: what is asked of the server, and the words for what it answers. */
import { lanesStatusBodySchema, type LaneMoveEntry, type LanesStatusBody, type LaneSwitchState } from '@bellwether/protocol'
import { queryOptions } from '@tanstack/react-query'
import { request } from '../../lib/http.ts'

const path = '/api/0/system/lanes'

export const lanesQuery = queryOptions({
  queryKey: ['system', 'lanes'],
  queryFn: ({ signal }) => request(path, lanesStatusBodySchema, { signal }),
  staleTime: 1000,
})

export function setLaneSwitch(projectId: string, to: LaneSwitchState): Promise<LanesStatusBody> {
  return request(`${path}/switches`, lanesStatusBodySchema, { method: 'POST', body: { projectId, switch: to } })
}

/** "Project 7" when its name is not ours to see. */
export function projectLabel({ projectId, name }: { readonly projectId: string; readonly name: string | null }): string {
  return name ?? `Project ${projectId}`
}

const reasons: Readonly<Record<string, string>> = {
  budget: 'over its budget',
  eligible: 'under its budget again',
  'no metrics': 'sent nothing any more',
  'switch always': 'switched to always low',
  'switch never': 'switched to never low',
  'switch removed': 'left to its budget again',
}

/** A move in words: "to low priority: over its budget". */
export function moveText({ change, reason }: Pick<LaneMoveEntry, 'change' | 'reason'>): string {
  return `${change === 'added' ? 'to low priority' : 'back to normal'}: ${reasons[reason] ?? reason}`
}

/** Processor time a second as a share: 0.2 s/s is "20 %", small shares keep two digits. */
export function formatBudget(secondsPerSecond: number): string {
  const percent = secondsPerSecond * 100
  if (percent === 0) return '0 %'
  if (percent < 0.01) return '< 0.01 %'
  return `${percent >= 10 ? percent.toFixed(0) : percent.toPrecision(2)} %`
}
