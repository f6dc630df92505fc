/** What the page about the data model shows of a real metric. */
import { metricAnatomyBodySchema } from '@bellwether/protocol'
import { AppError } from '../../kernel/errors.ts'
import { metricNotFound } from '../../query/index.ts'
import { defineRoute, nothing, type Route } from '../http/route-table.ts'
import type { ApiDeps } from '../ports.ts'

export function anatomyRoutes({ anatomist }: Pick<ApiDeps, 'anatomist'>): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/0/projects/:project/metrics/:name/anatomy',
      tag: 'Metrics',
      summary: 'How a metric is stored: one of its series with its id, and the rows of each table.',
      access: { kind: 'project', needed: 'read' },
      query: nothing,
      body: nothing,
      answer: metricAnatomyBodySchema,
      handle: async (call) => {
        const found = await anatomist.anatomy(call.access().scope, call.param('name'), call.signal)
        if (found === null) throw new AppError(metricNotFound)
        const { example } = found
        return {
          ...found,
          example: example === null ? null : { seriesId: example.seriesId, labels: Object.fromEntries(example.labels) },
          tables: [...found.tables],
        }
      },
    }),
  ]
}
