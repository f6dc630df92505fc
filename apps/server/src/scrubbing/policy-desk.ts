/**
 * Policies in PostgreSQL and what is in force of them: from a change on here at once, in other programs within seconds. While the database is
 * away, what was known stays in force.
 */
import type { ScrubbedKind, ScrubbingPolicy, ScrubbingTrial, ScrubbingTrialResult } from '@bellwether/protocol'
import { scrubbedKindsOf } from '@bellwether/protocol'
import type { Pool } from 'pg'
import { writeAuditEntry, type Access } from '../accounts/index.ts'
import { inTransaction } from '../engines/index.ts'
import type { Clock } from '../kernel/clock.ts'
import { AppError, isAppError } from '../kernel/errors.ts'
import type { Logger } from '../kernel/log.ts'
import type { Tenant } from '../kernel/scope.ts'
import { CompiledPolicy, defaultPolicy } from './compiled-policy.ts'
import { scrubbingUnavailable } from './errors.ts'

export interface ScrubbingState {
  readonly policy: ScrubbingPolicy
  readonly changedAtMs: number | null
  readonly changedBy: string | null
}

/** A line taken apart as at the door: its body and attributes. */
export type TakeApart = (line: string) => { readonly body: string; readonly attributes: Readonly<Record<string, string>> }

export interface ScrubbingDeskDeps {
  /** Stays the caller's. */
  readonly pool: Pool
  readonly clock: Pick<Clock, 'every'>
  readonly logger: Logger
}

interface PolicyRow {
  readonly organization_id: number
  readonly project_id: number
  readonly policy: ScrubbingPolicy
  readonly changed_at: Date
  readonly changed_by: string
}

interface InForce {
  readonly text: string
  readonly compiled: CompiledPolicy
}

const refreshMs = 10_000
const encoder = new TextEncoder()
const decoder = new TextDecoder()

export class ScrubbingDesk implements AsyncDisposable {
  readonly #deps: ScrubbingDeskDeps
  readonly #default = new CompiledPolicy(defaultPolicy)
  /** By project. */
  #inForce = new Map<number, InForce>()
  #timer: Disposable | null = null
  #reading: Promise<void> = Promise.resolve()

  constructor(deps: ScrubbingDeskDeps) {
    this.#deps = deps
  }

  /** Reads what is in force. Errors by code: `scrubbing.unavailable`. */
  async open(): Promise<void> {
    await this.refresh()
    this.#timer = this.#deps.clock.every(refreshMs, () => {
      this.refresh().catch((error: unknown) =>
        this.#deps.logger.warn('policies of scrubbing could not be read; the last known ones stay', { error }),
      )
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.[Symbol.dispose]()
    await this.#reading
  }

  /** For the stage. */
  policyOf({ projectId }: Tenant): CompiledPolicy {
    return this.#inForce.get(projectId)?.compiled ?? this.#default
  }

  async get(access: Access): Promise<ScrubbingState> {
    const { rows } = await guarded(() =>
      this.#deps.pool.query<PolicyRow>('select * from scrubbing_policies where organization_id = $1 and project_id = any($2)', [
        access.scope.organizationId,
        access.scope.projectIds,
      ]),
    )
    const [row] = rows
    if (row === undefined) return { policy: defaultPolicy, changedAtMs: null, changedBy: null }
    return { policy: row.policy, changedAtMs: row.changed_at.getTime(), changedBy: row.changed_by }
  }

  /** Errors by code: `scrubbing.bad_policy`, `metrics.bad_regexp`, `scrubbing.unavailable`. */
  async put(access: Access, policy: ScrubbingPolicy): Promise<ScrubbingState> {
    void new CompiledPolicy(policy)
    const { organizationId, projectIds } = access.scope
    await guarded(() =>
      inTransaction(this.#deps.pool, async (client) => {
        await client.query(
          `insert into scrubbing_policies (organization_id, project_id, policy, changed_by) values ($1, $2, $3, $4)
            on conflict (organization_id, project_id) do update set policy = excluded.policy, changed_by = excluded.changed_by, changed_at = now()`,
          [organizationId, projectIds[0], JSON.stringify(policy), access.caller.name],
        )
        const detail = {
          secrets: `${policy.secrets}`,
          cards: `${policy.cards}`,
          emails: `${policy.emails}`,
          rules: `${policy.rules.length}`,
        }
        await writeAuditEntry(client, access, { action: 'scrubbing.change', target: `project:${projectIds[0]}`, detail })
      }),
    )
    await this.refresh()
    return await this.get(access)
  }

  /** What a policy would make of a text; nothing is kept. Errors by code: `scrubbing.bad_policy`, `metrics.bad_regexp`. */
  try({ policy, text }: ScrubbingTrial, takeApart: TakeApart): ScrubbingTrialResult {
    const compiled = new CompiledPolicy(policy)
    const { body, attributes } = takeApart(text)
    let bits = 0
    const scrub = (value: string): string => {
      const source = encoder.encode(value)
      const made = compiled.scrubbed(source, 0, source.length)
      bits |= compiled.bits
      return made === null ? value : decoder.decode(made)
    }
    const made = Object.entries(attributes).map(([name, value]) => {
      const whole = compiled.wholeValueOf(name)
      const source = encoder.encode(value)
      if (whole === null || !compiled.takesWhole(whole, source, 0, source.length)) return [name, scrub(value)] as const
      bits |= whole.bit
      return [name, decoder.decode(whole.mark)] as const
    })
    const scrubbedBody = scrub(body)
    const kinds: ScrubbedKind[] = scrubbedKindsOf(bits)
    return { text: scrubbedBody, attributes: Object.fromEntries(made), kinds }
  }

  /** Reads the policies anew, one reading after the other. Errors by code: `scrubbing.unavailable`. */
  refresh(): Promise<void> {
    const next = this.#reading.then(() => this.#load())
    this.#reading = next.catch(() => undefined)
    return next
  }

  async #load(): Promise<void> {
    const { rows } = await guarded(() => this.#deps.pool.query<PolicyRow>('select * from scrubbing_policies'))
    const inForce = new Map<number, InForce>()
    for (const { project_id, policy } of rows) {
      const text = JSON.stringify(policy)
      const known = this.#inForce.get(project_id)
      inForce.set(project_id, known?.text === text ? known : { text, compiled: new CompiledPolicy(policy) })
    }
    this.#inForce = inForce
  }
}

async function guarded<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (isAppError(error)) throw error
    throw new AppError(scrubbingUnavailable, { cause: error, detail: error instanceof Error ? error.message : String(error) })
  }
}
