/** The collector's address in the description of the API; it is mounted with the other ways in (protocols/collector). */
import { collectedAnswerSchema, collectedItemSchema } from '@bellwether/protocol'
import { z } from 'zod'
import type { RouteDescription } from './http/route-table.ts'

export const collectorDescription: RouteDescription = {
  method: 'POST',
  path: '/api/0/projects/:project/metrics',
  summary:
    'Records a batch of metrics, by an ingest key or a token. Answered once it is durable; with X-Bellwether-Batch-Id it counts once.',
  tag: 'Metrics',
  access: { kind: 'project', needed: 'write' },
  query: null,
  body: z.array(collectedItemSchema),
  answer: collectedAnswerSchema,
  status: 200,
}
