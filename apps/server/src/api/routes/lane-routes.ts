/** Lanes: what each project's data costs, who is in the low-priority queue and why, and the switches of operators. */
import { laneSwitchChangeSchema, lanesStatusBodySchema, type LanesStatusBody } from '@bellwether/protocol'
import type { Access } from '../../accounts/index.ts'
import { historyStepMs } from '../../realtime/index.ts'
import { defineRoute, nothing, type Route } from '../http/route-table.ts'
import type { ApiDeps } from '../ports.ts'
import { wireTime } from './times.ts'

type LaneDeps = Pick<ApiDeps, 'lanes' | 'accounts'>

export function laneRoutes(deps: LaneDeps): Route[] {
  const common = { path: '/api/0/system/lanes', tag: 'System', query: nothing, answer: lanesStatusBodySchema }
  return [
    defineRoute({
      ...common,
      method: 'GET',
      summary: 'Budgets of processor time by project, the low-priority queue, its moves and lanes. For members of the first organization.',
      access: { kind: 'system', needed: 'read' },
      body: nothing,
      handle: (call) => statusOf(deps, call.access()),
    }),
    defineRoute({
      ...common,
      method: 'POST',
      path: '/api/0/system/lanes/switches',
      summary: 'Puts a project into the low-priority lane, keeps it out of it, or leaves it to its budget. Never beats always.',
      access: { kind: 'system', needed: 'admin' },
      body: laneSwitchChangeSchema,
      handle: async (call) => {
        const { projectId, switch: to } = call.body
        await deps.lanes.desk.setSwitch(Number(projectId), to === 'auto' ? null : to, call.caller().name)
        return await statusOf(deps, call.access())
      },
    }),
  ]
}

async function statusOf({ lanes, accounts }: LaneDeps, access: Access): Promise<LanesStatusBody> {
  const [view, projects] = await Promise.all([lanes.desk.view(), accounts.directory.projects(access)])
  const names = new Map(projects.map(({ id, name }) => [id, name]))
  const named = (projectId: number): { projectId: string; name: string | null } => ({
    projectId: String(projectId),
    name: names.get(String(projectId)) ?? null,
  })
  return {
    ...lanes.settings,
    isAutomatic: view.isAutomatic,
    projectBudget: view.projectBudget,
    historyStepSec: historyStepMs / 1000,
    backendFailure: lanes.failure(),
    projects: view.projects.map(({ projectId, set, history, ...rest }) => ({
      ...named(projectId),
      ...rest,
      switch: set ?? 'auto',
      history: [...history],
    })),
    lanes: lanes.queues(),
    moves: view.moves.map(({ projectId, change, reason, usedBudget, actor, atMs }) => ({
      ...named(projectId),
      change,
      reason,
      usedBudget,
      actor,
      at: wireTime(atMs),
    })),
  }
}
