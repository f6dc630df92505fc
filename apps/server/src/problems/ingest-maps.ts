/**
 * Source maps for errors on their way in, so that minified stacks are grouped by their source and stay one problem from build to build. A project
 * without source maps costs a look into memory. Whatever cannot be had in time is done without: the error is grouped as it came.
 */
import type { TraceMap } from '@jridgewell/trace-mapping'
import type { Clock } from '../kernel/clock.ts'
import type { Tenant } from '../kernel/scope.ts'
import { ingestMapsRememberedMax } from './limits.ts'
import type { Thrown } from './model.ts'
import { resolvedChain } from './shown-stack.ts'
import type { BuildFacts, SourceMapStore } from './source-map-store.ts'

/** Files of one event whose minified frames are to be grouped by their source. */
export interface WantedMaps extends BuildFacts {
  readonly files: readonly string[]
}

export type ResolveChain = (chain: readonly Thrown[]) => readonly Thrown[]

export interface IngestMapsDeps {
  readonly store: Pick<SourceMapStore, 'find' | 'hasAny' | 'changes'>
  readonly clock: Pick<Clock, 'monotonicMs'>
}

/** How long what was found is taken to be so, ms. */
const freshMs = 10_000
const filesMax = 20

interface Remembered<Value> {
  readonly value: Value
  readonly untilMs: number
}

export class IngestMaps {
  readonly #deps: IngestMapsDeps
  readonly #projects = new Map<string, Remembered<boolean>>()
  readonly #maps = new Map<string, Remembered<TraceMap | null>>()

  #changes = 0

  constructor(deps: IngestMapsDeps) {
    this.#deps = deps
  }

  /** `wanted` is asked only where the project has source maps. Never rejects. */
  async resolverOf(tenant: Tenant, wanted: () => WantedMaps | null): Promise<ResolveChain> {
    const asSent: ResolveChain = (chain) => chain
    this.#forgetOld()
    try {
      if (!(await this.#hasAny(tenant))) return asSent
      const asked = wanted()
      if (asked === null) return asSent
      const maps = new Map<string, TraceMap>()
      for (const file of asked.files.slice(0, filesMax)) {
        const map = await this.#find(tenant, file, asked)
        if (map !== null) maps.set(file, map)
      }
      return maps.size === 0 ? asSent : (chain) => resolvedChain(chain, (file) => maps.get(file) ?? null)
    } catch {
      return asSent
    }
  }

  /** What was uploaded through this program is there at once. */
  #forgetOld(): void {
    const { changes } = this.#deps.store
    if (changes === this.#changes) return
    this.#changes = changes
    this.#projects.clear()
    this.#maps.clear()
  }

  #hasAny(tenant: Tenant): Promise<boolean> {
    return this.#remembered(this.#projects, JSON.stringify(tenant), () => this.#deps.store.hasAny(ownerOf(tenant)))
  }

  #find(tenant: Tenant, file: string, build: WantedMaps): Promise<TraceMap | null> {
    const key = JSON.stringify([tenant, file, build.release, build.dist, build.debugIds[file] ?? ''])
    return this.#remembered(this.#maps, key, () => this.#deps.store.find(ownerOf(tenant), file, build))
  }

  async #remembered<Value>(memory: Map<string, Remembered<Value>>, key: string, ask: () => Promise<Value>): Promise<Value> {
    const nowMs = this.#deps.clock.monotonicMs()
    const known = memory.get(key)
    if (known !== undefined && known.untilMs > nowMs) return known.value
    const value = await ask()
    if (memory.size >= ingestMapsRememberedMax) memory.clear()
    memory.set(key, { value, untilMs: nowMs + freshMs })
    return value
  }
}

function ownerOf({ organizationId, projectId }: Tenant): { organizationId: number; projectIds: readonly number[] } {
  return { organizationId, projectIds: [projectId] }
}
