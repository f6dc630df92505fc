/** The program's own state. */
import { systemStatusBodySchema } from '@bellwether/protocol'
import { defineRoute, nothing, type Route } from '../http/route-table.ts'
import type { ApiDeps } from '../ports.ts'

export function systemRoutes({ systemStatus }: Pick<ApiDeps, 'systemStatus'>): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/0/system/status',
      summary: 'Components, versions, queue, disk and memory. For members of the first organization.',
      tag: 'System',
      access: { kind: 'system', needed: 'read' },
      query: nothing,
      body: nothing,
      answer: systemStatusBodySchema,
      handle: async () => await systemStatus(),
    }),
  ]
}
