/** Problems as they are asked for: counts from the engine, events from logs, decisions from PostgreSQL, sessions from metrics. */
import type { Access } from '../accounts/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { AppError } from '../kernel/errors.ts'
import type { Scope } from '../kernel/scope.ts'
import type { Shown } from '../logs/index.ts'
import { Decisions, stateOf, type Decision } from './decisions.ts'
import { chainOf, isRecord, jsonOf, readChain, textOf } from './error-facts.ts'
import { eventNotFound, problemNotFound } from './errors.ts'
import { EventStore, type StoredEvent } from './event-store.ts'
import { problemsListedMax } from './limits.ts'
import { errorAttributes, tagPrefix } from './model.ts'
import { ProblemStore, type CountedProblem } from './problem-store.ts'
import type {
  Breadcrumb,
  EventPage,
  Feedback,
  Problem,
  ProblemDecision,
  ProblemDetail,
  ProblemEvent,
  ProblemEventRow,
  ProblemList,
  ProblemListRequest,
  ProblemRange,
  Problems,
  ProblemState,
  Reading,
  ReleaseHealth,
  SessionTotals,
} from './ports.ts'
import type { Engine } from './read-rows.ts'
import { showStacks } from './shown-stack.ts'
import type { SourceMapStore } from './source-map-store.ts'

export interface ProblemDeskDeps {
  readonly engine: Engine
  /** What retention of logs hides: of what is shown, it hides events too. */
  readonly shown: Shown
  readonly decisions: Decisions
  readonly sourceMaps: Pick<SourceMapStore, 'find'>
  /** What sessions say of releases; empty where there were none. */
  readonly sessionsOf: (reading: Reading, range: ProblemRange) => Promise<readonly SessionTotals[]>
  readonly clock: Pick<Clock, 'nowMs'>
}

const idPattern = /^[0-9a-f]{16}$/
const openStates: readonly ProblemState[] = ['new', 'ongoing', 'regressed']
/** Attributes that have a place of their own on the screen. */
const shownElsewhere: ReadonlySet<string> = new Set([
  errorAttributes.chain,
  errorAttributes.stack,
  errorAttributes.breadcrumbs,
  errorAttributes.debugIds,
  errorAttributes.userHash,
  errorAttributes.place,
])

export class ProblemDesk implements Problems {
  readonly #deps: ProblemDeskDeps
  readonly #counts: ProblemStore
  readonly #events: EventStore

  constructor(deps: ProblemDeskDeps) {
    this.#deps = deps
    const { engine, shown } = deps
    this.#counts = new ProblemStore(engine, shown)
    this.#events = new EventStore({ engine, shown, counts: this.#counts })
  }

  async list(reading: Reading, request: ProblemListRequest): Promise<ProblemList> {
    const [counted, decisions] = await Promise.all([
      this.#counts.list(reading, request, request.order),
      this.#deps.decisions.of(reading.scope),
    ])
    const nowMs = this.#deps.clock.nowMs()
    const states: Record<ProblemState, number> = { new: 0, ongoing: 0, regressed: 0, resolved: 0, ignored: 0 }
    const chosen: (readonly [CountedProblem, ProblemState])[] = []
    for (const problem of counted.slice(0, problemsListedMax)) {
      const state = stateOf(problem, decisions.get(problem.id) ?? null, nowMs)
      states[state]++
      if (request.state === 'all' || request.state === state || (request.state === 'open' && openStates.includes(state)))
        chosen.push([problem, state])
    }
    const shown = chosen.slice(0, request.limit)
    const sparks = await this.#counts.sparks(
      reading,
      shown.map(([{ id }]) => id),
      request,
    )
    return {
      items: shown.map(([{ seenMs: _seenMs, ...problem }, state]): Problem => ({ ...problem, state, spark: sparks.get(problem.id) ?? [] })),
      states,
      isCut: counted.length > problemsListedMax || chosen.length > shown.length,
    }
  }

  async detail(reading: Reading, id: string, range: ProblemRange): Promise<ProblemDetail> {
    checkId(id)
    const [problem, sparks, releases, tags, decisions] = await Promise.all([
      this.#counts.one(reading, id, range),
      this.#counts.sparks(reading, [id], range),
      this.#counts.releases(reading, id),
      this.#events.tags(reading, id),
      this.#deps.decisions.of(reading.scope, [id]),
    ])
    if (problem === null) throw new AppError(problemNotFound)
    const decision: Decision | null = decisions.get(id) ?? null
    const { seenMs: _seenMs, ...counted } = problem
    return {
      ...counted,
      state: stateOf(problem, decision, this.#deps.clock.nowMs()),
      spark: sparks.get(id) ?? [],
      tags,
      releases,
      decidedBy: decision?.decidedBy ?? null,
      decidedMs: decision?.decidedMs ?? null,
    }
  }

  async events(reading: Reading, id: string, page: EventPage): Promise<{ items: ProblemEventRow[]; next: string | null }> {
    checkId(id)
    return paged(await this.#events.page(reading, id, page), page.limit)
  }

  async event(reading: Reading, id: string, event: string): Promise<ProblemEvent> {
    checkId(id)
    const eventId = event === 'latest' ? (await this.#events.page(reading, id, { limit: 1, cursor: null }))[0]?.id : event
    const stored = eventId === undefined ? null : await this.#events.one(reading, id, eventId)
    if (stored === null) throw new AppError(eventNotFound)
    const [older, newer] = await Promise.all([
      this.#events.page(reading, id, { limit: 1, cursor: stored.id }),
      this.#events.newer(reading, id, stored.id),
    ])
    return { ...(await this.#shown(reading.scope, stored)), older: older[0]?.id ?? null, newer }
  }

  async decide(access: Access, ids: readonly string[], decision: ProblemDecision): Promise<number> {
    ids.forEach(checkId)
    await this.#deps.decisions.decide(access, ids, decision)
    return ids.length
  }

  async releases(reading: Reading, range: ProblemRange): Promise<ReleaseHealth[]> {
    const [sessions, counts] = await Promise.all([this.#deps.sessionsOf(reading, range), this.#counts.byRelease(reading, range)])
    const keyOf = ({ release, environment }: { release: string; environment: string }): string => JSON.stringify([release, environment])
    const found = new Map<string, ReleaseHealth>()
    for (const each of counts) found.set(keyOf(each), { ...each, ...noSessions })
    for (const each of sessions) {
      const known = found.get(keyOf(each)) ?? { ...noErrors, ...each }
      found.set(keyOf(each), { ...known, ...each })
    }
    return [...found.values()].sort((a, b) => (b.lastMs ?? 0) - (a.lastMs ?? 0) || (a.release < b.release ? 1 : -1))
  }

  async feedback(reading: Reading, page: EventPage): Promise<{ items: Feedback[]; next: string | null }> {
    return paged(await this.#events.feedback(reading, page), page.limit)
  }

  async #shown(scope: Scope, stored: StoredEvent): Promise<Omit<ProblemEvent, 'older' | 'newer'>> {
    const { attributes, ...rest } = stored
    const attribute = (name: string): string => attributes.get(name) ?? ''
    const kept = readChain(attribute(errorAttributes.chain))
    const chain = kept === null || kept.length === 0 ? chainOf(attribute, stored.message) : kept
    const build = {
      release: stored.release,
      dist: attribute(errorAttributes.dist),
      debugIds: debugIdsOf(attribute(errorAttributes.debugIds)),
    }
    const errors = await showStacks(chain, (file) => this.#deps.sourceMaps.find(scope, file, build), stored.release)
    const tags = [...attributes].filter(([name]) => name.startsWith(tagPrefix))
    return {
      ...rest,
      errors,
      stackText: errors.some(({ frames }) => frames.length > 0) ? '' : attribute(errorAttributes.stack),
      breadcrumbs: breadcrumbsOf(attribute(errorAttributes.breadcrumbs)),
      tags: Object.fromEntries(tags.map(([name, value]) => [name.slice(tagPrefix.length), value])),
      attributes: Object.fromEntries([...attributes].filter(([name]) => !name.startsWith(tagPrefix) && !shownElsewhere.has(name))),
    }
  }
}

const noSessions = { sessions: 0, crashed: 0, errored: 0, abnormal: 0, users: 0, crashedUsers: 0 } as const
const noErrors = { errors: 0, problems: 0, newProblems: 0, firstMs: null, lastMs: null } as const

function paged<Item extends { readonly id: string }>(found: Item[], limit: number): { items: Item[]; next: string | null } {
  const items = found.slice(0, limit)
  return { items, next: found.length > limit ? (items.at(-1)?.id ?? null) : null }
}

/** Errors by code: `problems.not_found`. */
function checkId(id: string): void {
  if (!idPattern.test(id)) throw new AppError(problemNotFound)
}

function debugIdsOf(text: string): Record<string, string> {
  const value = text === '' ? undefined : jsonOf(text)
  if (!isRecord(value)) return {}
  return Object.fromEntries(Object.entries(value).map(([file, id]) => [file, textOf(id)]))
}

function breadcrumbsOf(text: string): Breadcrumb[] {
  const value = text === '' ? undefined : jsonOf(text)
  if (!Array.isArray(value)) return []
  return value.filter(isRecord).map((crumb) => ({
    timestamp: timestampOf(crumb['timestamp']),
    category: textOf(crumb['category']),
    level: textOf(crumb['level']),
    message: textOf(crumb['message']),
    data: textOf(crumb['data']),
  }))
}

/** Of ms since 1970; only what the API may say: RFC 3339 in UTC. */
function timestampOf(ms: unknown): string | null {
  return typeof ms === 'number' && Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString() : null
}
