/** What is scraped into a project, and how it goes. */
import { targetsBodySchema, type ScrapeTarget } from '@bellwether/protocol'
import type { TargetView } from '../../scrape/index.ts'
import { defineRoute, nothing, type Call, type Route } from '../http/route-table.ts'
import type { ApiDeps } from '../ports.ts'
import { wireTimeOrNull } from './times.ts'

type TargetDeps = Pick<ApiDeps, 'accounts' | 'scrape'>

export function targetRoutes(deps: TargetDeps): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/api/0/projects/:project/targets',
      tag: 'Data',
      summary: 'Targets that are scraped into the project, those that relabelling drops, and what is wrong with any of them.',
      access: { kind: 'project', needed: 'read' },
      query: nothing,
      body: nothing,
      answer: targetsBodySchema,
      handle: async (call) => {
        const { jobs, targets, dropped } = deps.scrape.view(call.access().scope.projectIds)
        const { path, loadedAtMs, error, notes } = deps.scrape.config()
        // The file is the operator's, and what is wrong with it may tell of other projects.
        const isOperator = await mayRunTheProgram(deps, call)
        return {
          isConfigured: path !== null,
          configPath: isOperator ? path : null,
          loadedAt: wireTimeOrNull(loadedAtMs),
          configError: error === null || isOperator ? error : 'The file of targets is not in use as it is now.',
          notes: isOperator ? [...notes] : [],
          jobs: jobs.map((job) => ({ ...job, problems: [...job.problems] })),
          targets: targets.map(toTarget),
          dropped: dropped.map(({ job, discovered, reason }) => ({ job, discoveredLabels: Object.fromEntries(discovered), reason })),
        }
      },
    }),
  ]
}

async function mayRunTheProgram({ accounts }: TargetDeps, call: Call<null, null>): Promise<boolean> {
  const { gatekeeper } = accounts
  return await gatekeeper.system(call.callerOrNull, 'read').then(
    () => true,
    () => false,
  )
}

function toTarget({ labels, discovered, lastScrapeMs, nextScrapeMs, ...rest }: TargetView): ScrapeTarget {
  return {
    ...rest,
    labels: Object.fromEntries(labels),
    discoveredLabels: Object.fromEntries(discovered),
    lastScrapeAt: wireTimeOrNull(lastScrapeMs),
    nextScrapeAt: wireTimeOrNull(nextScrapeMs),
  }
}
