/** What the API asks of performance: operations, the report, findings, deploys. Every answer is of one project. */
import type { Access } from '../accounts/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Tenant } from '../kernel/scope.ts'
import type { DeployStore } from './deploy-store.ts'
import type { FindingStore } from './finding-store.ts'
import { operationsLookedAtMax, reportLinesMax, trendStepsMax } from './limits.ts'
import { inOrder, joined, keyText, stepsOf, summaryOf, type Period, type TwoPeriods } from './operations.ts'
import type {
  Deploy,
  DeployDraft,
  Finding,
  FindingsAsked,
  OperationsAnswer,
  OperationsAsked,
  OperationsFilter,
  OperationSource,
  Performance,
  PerformanceReport,
  ReportAsked,
} from './ports.ts'
import { reportLines } from './report.ts'
import { rangeOf, stepOf } from './time-range.ts'

const minuteMs = 60_000
const hourMs = 3_600_000

export interface PerformanceDeskDeps {
  readonly operations: OperationSource
  readonly findings: FindingStore
  readonly deploys: DeployStore
  readonly clock: Pick<Clock, 'nowMs'>
}

export class PerformanceDesk implements Performance {
  readonly #deps: PerformanceDeskDeps

  constructor(deps: PerformanceDeskDeps) {
    this.#deps = deps
  }

  async operations(access: Access, asked: OperationsAsked, signal: AbortSignal): Promise<OperationsAnswer> {
    const range = rangeOf(asked, this.#deps.clock.nowMs())
    const { service, operation, kind, search, order, limit, apdexMs } = asked
    const period = { ...range, stepMs: stepOf(range.toMs - range.fromMs, trendStepsMax) }
    const filter = {
      ...(service === null ? {} : { service }),
      ...(operation === null ? {} : { operation }),
      ...(kind === null ? {} : { kind }),
    }
    const { all, isPartial } = await this.#twoPeriods(access, { period, filter, signal })
    const text = search?.toLowerCase() ?? ''
    const matching = all.filter(
      ({ key, now }) => now.count > 0 && (text === '' || `${key.service} ${key.operation}`.toLowerCase().includes(text)),
    )
    const open = await this.#openByOperation(access)
    const items = inOrder(matching, order, apdexMs)
      .slice(0, limit)
      .map((one) => ({ ...summaryOf(one, period, apdexMs), openFindings: open.get(keyText(one.key)) ?? 0 }))
    return { ...range, stepMs: period.stepMs, trendFromMs: stepsOf(period).firstMs, items, total: matching.length, isPartial }
  }

  async report(access: Access, asked: ReportAsked, signal: AbortSignal): Promise<PerformanceReport> {
    const { findings, deploys, clock } = this.#deps
    const range = rangeOf(asked, clock.nowMs())
    const lengthMs = range.toMs - range.fromMs
    const period = { ...range, stepMs: stepOf(lengthMs, 24) }
    const filter = asked.service === null ? {} : { service: asked.service }
    const { all, isPartial } = await this.#twoPeriods(access, { period, filter, signal })
    const tenant = tenantOf(access)
    const { found, resolved } = await findings.ofPeriod(tenant, range, reportLinesMax * 2)
    const isAsked = ({ service }: Finding): boolean => asked.service === null || service === asked.service
    return {
      ...range,
      beforeFromMs: beforeOf(range).fromMs,
      ...reportLines(all, lengthMs, asked.apdexMs),
      found: found.filter(isAsked),
      resolved: resolved.filter(isAsked),
      deploys: await deploys.list(tenant, range, asked.service),
      isPartial,
    }
  }

  findings(access: Access, asked: FindingsAsked): Promise<{ items: Finding[]; next: string | null }> {
    return this.#deps.findings.list(tenantOf(access), asked)
  }

  finding(access: Access, id: string): Promise<Finding> {
    return this.#deps.findings.get(tenantOf(access), id)
  }

  changeFinding(access: Access, id: string, state: 'known' | 'resolved'): Promise<Finding> {
    return this.#deps.findings.change(access, { tenant: tenantOf(access), id, state })
  }

  async deploys(access: Access, asked: { from: string; to: string; service: string | null }): Promise<Deploy[]> {
    const range = rangeOf(asked, this.#deps.clock.nowMs())
    return await this.#deps.deploys.list(tenantOf(access), range, asked.service)
  }

  addDeploy(access: Access, draft: DeployDraft): Promise<Deploy> {
    return this.#deps.deploys.add(access, tenantOf(access), { ...draft, atMs: draft.atMs ?? this.#deps.clock.nowMs() })
  }

  async #twoPeriods(
    { scope }: Access,
    { period, filter, signal }: { period: Period; filter: Omit<OperationsFilter, 'operationsMax'>; signal: AbortSignal },
  ): Promise<{ all: TwoPeriods[]; isPartial: boolean }> {
    const { operations } = this.#deps
    const { fromMs, toMs, stepMs } = period
    const earlier = beforeOf(period)
    const most = { ...filter, operationsMax: operationsLookedAtMax }
    const [now, before, count] = await Promise.all([
      operations.steps(scope, { ...most, fromMs, toMs, stepMs }, signal),
      operations.steps(scope, { ...most, ...earlier }, signal),
      operations.count(scope, { fromMs, toMs }, signal),
    ])
    return { all: joined(now, before, period), isPartial: count > operationsLookedAtMax }
  }

  async #openByOperation(access: Access): Promise<Map<string, number>> {
    const out = new Map<string, number>()
    for (const finding of await this.#deps.findings.open(tenantOf(access))) out.set(keyText(finding), (out.get(keyText(finding)) ?? 0) + 1)
    return out
  }
}

/** The same length of time directly before, in whole minutes; it needs no steps, only sums. */
function beforeOf({ fromMs, toMs }: Pick<Period, 'fromMs' | 'toMs'>): Period {
  const endMs = Math.floor(fromMs / minuteMs) * minuteMs
  const lengthMs = Math.max(1, Math.round((toMs - endMs) / minuteMs)) * minuteMs
  const unitMs = lengthMs >= 6 * hourMs ? hourMs : minuteMs
  return { fromMs: endMs - lengthMs, toMs: endMs, stepMs: Math.ceil(lengthMs / unitMs) * unitMs }
}

function tenantOf({ scope }: Access): Tenant {
  const [projectId] = scope.projectIds
  if (projectId === undefined || scope.projectIds.length !== 1) throw new Error('performance is of one project')
  return { organizationId: scope.organizationId, projectId }
}
