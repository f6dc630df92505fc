/**
 * Patterns in the engine's table: read back at a start, written a few seconds after they were learned or said less. What a kill loses is
 * learned again under the same id; until then their rows show an example in place of a template.
 */
import { randomUUID } from 'node:crypto'
import { encodeNativePieces, type ClickHouse, type NativeWriteColumn } from '../../../engines/index.ts'
import type { Clock } from '../../../kernel/clock.ts'
import type { Logger } from '../../../kernel/log.ts'
import type { Tenant } from '../../../kernel/scope.ts'
import { numbersIn, textsIn, wideIn } from '../../../signals/index.ts'
import { patternsTable } from '../tables.ts'
import { patternsLoadedMax } from './limits.ts'
import { Pattern, type PatternBook } from './pattern-book.ts'
import type { Patterns } from './pattern-stage.ts'

export interface PatternStoreDeps {
  readonly engine: ClickHouse
  readonly patterns: Patterns
  readonly clock: Pick<Clock, 'every'>
  readonly logger: Logger
}

const flushMs = 5_000

interface Written {
  readonly tenant: Tenant
  readonly pattern: Pattern
}

export class PatternStore implements AsyncDisposable {
  readonly #deps: PatternStoreDeps
  #timer: Disposable | null = null
  #flushing: Promise<void> = Promise.resolve()
  /** Of books that had to go before they were written. */
  #orphans: Written[] = []

  constructor(deps: PatternStoreDeps) {
    this.#deps = deps
    deps.patterns.onEvicted = (tenant, book) => this.#keep(tenant, book)
  }

  /** Reads the patterns met last. Errors: the engine's. */
  async open(signal: AbortSignal): Promise<void> {
    const { engine, patterns, clock } = this.#deps
    const sql = `SELECT org, project, pattern, min(first_sec) AS first, max(last_sec) AS last, max(template) AS text, any(example) AS line
      FROM ${patternsTable} GROUP BY org, project, pattern ORDER BY last DESC LIMIT ${patternsLoadedMax}`
    for await (const block of engine.queryNative({ sql, class: 'background', signal })) {
      const [orgs, projects, firsts, lasts] = ['org', 'project', 'first', 'last'].map((name) => numbersIn(block, name))
      const [texts, lines, ids] = [textsIn(block, 'text'), textsIn(block, 'line'), wideIn(block, 'pattern')]
      for (let row = 0; row < block.rows; row++) {
        const tenant = { organizationId: orgs?.[row] ?? 0, projectId: projects?.[row] ?? 0 }
        const id = { low: ids[row * 2] ?? 0, high: ids[row * 2 + 1] ?? 0 }
        const pattern = new Pattern(templateOf(texts[row] ?? '').split(' '), id, lines[row] ?? '', firsts?.[row] ?? 0)
        pattern.lastSec = lasts?.[row] ?? 0
        patterns.bookOf(tenant).restore(pattern)
      }
    }
    this.#timer = clock.every(flushMs, () => void this.flush())
  }

  /** Writes what changed. Never fails: what could not be written waits for the next time. */
  flush(): Promise<void> {
    this.#flushing = this.#flushing.then(() => this.#write())
    return this.#flushing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.[Symbol.dispose]()
    await this.flush()
  }

  #keep(tenant: Tenant, book: PatternBook): void {
    for (const pattern of book.dirty()) if (this.#orphans.length < patternsLoadedMax) this.#orphans.push({ tenant, pattern })
  }

  async #write(): Promise<void> {
    const { engine, patterns, logger } = this.#deps
    const changed = this.#orphans
    this.#orphans = []
    for (const { tenant, book } of patterns.books()) for (const pattern of book.dirty()) changed.push({ tenant, pattern })
    if (changed.length === 0) return
    for (const { pattern } of changed) pattern.isDirty = false
    const columns = columnsOf(changed)
    try {
      await engine.insertNative({
        table: patternsTable,
        columns: columns.map(({ name }) => name),
        body: encodeNativePieces(changed.length, columns),
        token: randomUUID(),
      })
    } catch (error) {
      for (const { pattern } of changed) pattern.isDirty = true
      logger.warn('patterns of logs could not be written; tried again', { error, patterns: changed.length })
    }
  }
}

function columnsOf(written: readonly Written[]): NativeWriteColumn[] {
  const u32 = (name: string, of: (one: Written) => number): NativeWriteColumn => ({
    name,
    type: 'UInt32',
    values: { kind: 'u32', data: Uint32Array.from(written, of) },
  })
  const text = (name: string, of: (one: Written) => string): NativeWriteColumn => ({
    name,
    type: 'String',
    values: { kind: 'string', data: written.map(of) },
  })
  const ids = new Uint32Array(written.length * 2)
  written.forEach(({ pattern }, i) => ids.set([pattern.low, pattern.high], i * 2))
  return [
    u32('org', ({ tenant }) => tenant.organizationId),
    u32('project', ({ tenant }) => tenant.projectId),
    { name: 'pattern', type: 'UInt64', values: { kind: 'w64', signed: false, data: ids } },
    u32('first_sec', ({ pattern }) => Math.max(0, pattern.firstSec)),
    u32('last_sec', ({ pattern }) => Math.max(0, pattern.lastSec)),
    text('template', ({ pattern }) => storedTemplate(pattern.tokens)),
    text('example', ({ pattern }) => pattern.example),
  ]
}

/** The template that says least is the last one: the number of its changing words goes in front, so that it is the greatest. */
function storedTemplate(tokens: readonly string[]): string {
  const wild = tokens.filter((token) => token === '<*>').length
  return `${String(wild).padStart(3, '0')} ${tokens.join(' ')}`
}

/** What `storedTemplate` stored. */
export function templateOf(stored: string): string {
  return stored.slice(4)
}
