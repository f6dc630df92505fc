/** What is scrubbed of a project's logs and spans. */
import {
  scrubbingPolicySchema,
  scrubbingStatusSchema,
  scrubbingTrialResultSchema,
  scrubbingTrialSchema,
  type ScrubbingStatus,
} from '@bellwether/protocol'
import type { ScrubbingState } from '../../scrubbing/index.ts'
import { defineRoute, nothing, type Route } from '../http/route-table.ts'
import type { ApiDeps } from '../ports.ts'
import { wireTimeOrNull } from './times.ts'

function toWire({ policy, changedAtMs, changedBy }: ScrubbingState): ScrubbingStatus {
  return { policy, changedAt: wireTimeOrNull(changedAtMs), changedBy }
}

export function scrubbingRoutes({ scrubbing }: Pick<ApiDeps, 'scrubbing'>): Route[] {
  const common = { tag: 'Scrubbing', query: nothing, path: '/api/0/projects/:project/scrubbing' }
  return [
    defineRoute({
      ...common,
      method: 'GET',
      summary: 'What is taken out of logs and spans of the project before they are stored.',
      access: { kind: 'project', needed: 'read' },
      body: nothing,
      answer: scrubbingStatusSchema,
      handle: async (call) => toWire(await scrubbing.get(call.access())),
    }),
    defineRoute({
      ...common,
      method: 'PUT',
      summary: 'Sets what is taken out of what comes from now on. What is stored stays as it is.',
      access: { kind: 'project', needed: 'admin' },
      body: scrubbingPolicySchema,
      answer: scrubbingStatusSchema,
      handle: async (call) => toWire(await scrubbing.put(call.access(), call.body)),
    }),
    defineRoute({
      ...common,
      method: 'POST',
      path: `${common.path}/try`,
      summary: 'What a policy would make of a line. Nothing is kept of it.',
      access: { kind: 'project', needed: 'read' },
      body: scrubbingTrialSchema,
      answer: scrubbingTrialResultSchema,
      handle: async (call) => await Promise.resolve(scrubbing.try(call.body)),
    }),
  ]
}
