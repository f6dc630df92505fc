/** The imports of a process: opened, fed, watched, cancelled, and forgotten in the end. */
import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import type { Clock } from '../../kernel/clock.ts'
import { AppError, isAppError } from '../../kernel/errors.ts'
import type { Tenant } from '../../kernel/scope.ts'
import type { MetricsDoor } from '../metrics-door.ts'
import { importMapping, importNotFound, importTooMany } from './errors.ts'
import { ImportJob, plainOf, readRows } from './job.ts'
import { importIdleYieldMs, importsKeptMax, importsRunningMax, organizationImportsMax, previewRowsMax } from './limits.ts'
import type { FoundMapping, ImportBody, ImportOptions, ImportPart, ImportPreview, Imports, ImportStatus, PreviewRow } from './ports.ts'
import type { Labels } from '../../metrics/index.ts'
import type { RefusedLine, SeriesRow } from './rows.ts'

export interface ImportsDeps {
  readonly door: Pick<MetricsDoor, 'admit' | 'ingest' | 'intake' | 'limits' | 'nowMs'>
  readonly clock: Clock
}

/** One per process. To be disposed of before the log ends: imports that run are interrupted. */
export class ImportDesk implements Imports, Disposable {
  readonly #deps: ImportsDeps
  /** Oldest first. */
  readonly #jobs = new Map<string, ImportJob>()

  constructor(deps: ImportsDeps) {
    this.#deps = deps
  }

  open(tenant: Tenant, options: ImportOptions): ImportStatus {
    this.#makeRoom(organizationImportsMax, (job) => job.tenant.organizationId === tenant.organizationId)
    this.#makeRoom(importsRunningMax, () => true)
    const id = randomUUID()
    const job = new ImportJob(id, tenant, { options, deps: this.#deps })
    this.#jobs.set(id, job)
    this.#forget()
    return job.status()
  }

  async send(tenant: Tenant, id: string, part: ImportPart, body: ImportBody): Promise<ImportStatus> {
    return await this.#job(tenant, id).send(part, body)
  }

  list(tenant: Tenant): ImportStatus[] {
    return [...this.#jobs.values()]
      .filter((job) => job.tenant.projectId === tenant.projectId)
      .map((job) => job.status())
      .toReversed()
  }

  get(tenant: Tenant, id: string): ImportStatus {
    return this.#job(tenant, id).status()
  }

  cancel(tenant: Tenant, id: string): ImportStatus {
    const job = this.#job(tenant, id)
    job.end('cancelled')
    return job.status()
  }

  async preview(options: ImportOptions, bytes: Uint8Array): Promise<ImportPreview> {
    const { limits, nowMs } = this.#deps.door
    const bounds = { minMs: limits.timestampMinMs, maxMs: nowMs + limits.timestampAheadMsMax }
    const rows: PreviewRow[] = []
    let columns: readonly string[] = []
    let mapping: FoundMapping | null = null
    let problem: string | null = null
    try {
      for await (const row of readRows(options, plainOf(Readable.from([bytes]), options.isGzipped), bounds).rows) {
        if (row.kind === 'columns') columns = row.columns
        else if (row.kind === 'mapping') mapping = row.mapping
        else rows.push(previewRow(row))
        if (rows.length >= previewRowsMax) break
      }
    } catch (error) {
      // With the columns people can say what they are.
      if (columns.length === 0 || !isAppError(error, importMapping.code)) throw error
      problem = error.publicText
    }
    return { columns, mapping, rows, problem }
  }

  [Symbol.dispose](): void {
    for (const job of this.#jobs.values()) job.end('interrupted', 'Bellwether was stopped.')
  }

  /** For one more: ends the import that waited longest for its next part, if that is long. Errors: `import.too_many`. */
  #makeRoom(max: number, counts: (job: ImportJob) => boolean): void {
    const running = [...this.#jobs.values()].filter((job) => job.isRunning && counts(job))
    if (running.length < max) return
    const idlest = running.reduce((one, other) => (other.idleMs > one.idleMs ? other : one))
    if (idlest.idleMs < importIdleYieldMs) throw new AppError(importTooMany, { retryAfterSec: 10 })
    idlest.end('interrupted', 'Nothing more of the file came for a minute, and another import waited.')
  }

  #job(tenant: Tenant, id: string): ImportJob {
    const job = this.#jobs.get(id)
    if (job === undefined || job.tenant.projectId !== tenant.projectId) throw new AppError(importNotFound)
    return job
  }

  #forget(): void {
    for (const [id, job] of this.#jobs) {
      if (this.#jobs.size <= importsKeptMax) return
      if (!job.isRunning) this.#jobs.delete(id)
    }
  }
}

function previewRow(row: SeriesRow | RefusedLine): PreviewRow {
  if (row.kind === 'refused') return { line: row.line, series: '', timeMs: 0, value: 0, refusal: row.text }
  const [timeMs = 0] = row.timesMs
  const [value = 0] = row.values
  return { line: row.line, series: seriesText(row.labels), timeMs, value, refusal: null }
}

function seriesText(labels: Labels): string {
  const name = labels.find(([label]) => label === '__name__')?.[1] ?? ''
  const others = labels.filter(([label]) => label !== '__name__').map(([label, value]) => `${label}=${JSON.stringify(value)}`)
  return others.length === 0 ? name : `${name}{${others.join(', ')}}`
}
