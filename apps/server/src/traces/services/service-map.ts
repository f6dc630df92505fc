/**
 * Who calls whom. Calls whose other end is a service of ours are edges between services. Where the answering span came with another request
 * than the asking one, its service is taken from other calls of the same client to the same address, or found behind an example trace; what
 * stays unknown is a node of its own: a database, a queue, something outside.
 */
import type { ClickHouse } from '../../engines/index.ts'
import type { Scope } from '../../kernel/scope.ts'
import { bucketSec, textsIn } from '../../signals/index.ts'
import { edgeKinds } from '../counted/edges.ts'
import { lookedIntoMax, otherName } from '../limits.ts'
import type { TraceReads } from '../ports.ts'
import { spansTable } from '../tables.ts'
import { CallFigures, type CountedReader, type CountedRow, type RedFigures } from './counted-calls.ts'
import type { ServicesRequest } from './service-list.ts'
import { sqlString } from '../../search/index.ts'

export type MapNodeKind = 'service' | 'database' | 'queue' | 'external'
export type MapEdgeKind = 'call' | 'database' | 'message'

export interface MapNode {
  readonly id: string
  readonly name: string
  readonly kind: MapNodeKind
  readonly system: string
  readonly figures: RedFigures
}

export interface MapEdge {
  readonly from: string
  readonly to: string
  readonly kind: MapEdgeKind
  readonly figures: RedFigures
}

export interface ServiceMap {
  readonly nodes: MapNode[]
  readonly edges: MapEdge[]
  readonly isPartial: boolean
}

interface Edge {
  readonly client: string
  readonly kind: number
  readonly peer: string
  readonly system: string
  readonly server: string
  readonly calls: CallFigures
}

/** What is drawn: nodes by id, edges by their ends. */
class Drawing {
  readonly nodes = new Map<string, { name: string; kind: MapNodeKind; system: string; calls: CallFigures }>()
  readonly edges = new Map<string, { from: string; to: string; kind: MapEdgeKind; calls: CallFigures }>()

  node(kind: MapNodeKind, name: string, system = ''): string {
    const id = kind === 'service' ? name : `${kind}:${name}`
    if (!this.nodes.has(id)) this.nodes.set(id, { name, kind, system, calls: new CallFigures() })
    return id
  }

  edge(ends: { readonly from: string; readonly to: string; readonly kind: MapEdgeKind }, calls: CallFigures): void {
    const key = JSON.stringify([ends.from, ends.to])
    let known = this.edges.get(key)
    if (known === undefined) this.edges.set(key, (known = { ...ends, calls: new CallFigures() }))
    known.calls.add(calls)
  }
}

export class ServiceMapReader {
  readonly #engine: ClickHouse
  readonly #reads: TraceReads
  readonly #counted: CountedReader

  constructor({ engine, reads, counted }: { engine: ClickHouse; reads: TraceReads; counted: CountedReader }) {
    this.#engine = engine
    this.#reads = reads
    this.#counted = counted
  }

  /** Errors: the engine's. */
  async map(scope: Scope, { range, environment }: ServicesRequest, signal: AbortSignal): Promise<ServiceMap> {
    const where = environment === '' ? null : `environment = ${sqlString(environment)}`
    const [edges, services] = await Promise.all([
      this.#counted.read(
        scope,
        {
          tables: 'edges',
          by: ['toString(client)', 'toString(kind)', 'toString(peer)', 'toString(system)', 'toString(server)'],
          where,
          range,
          points: 1,
        },
        signal,
      ),
      this.#counted.read(
        scope,
        { tables: 'operations', by: ['toString(service)', 'toString(kind IN (2, 5))'], where, range, points: 1 },
        signal,
      ),
    ])
    const list = merged(edges.rows)
    const found = await this.#answering(scope, list, signal)
    const drawing = new Drawing()
    for (const edge of resolved(list, found)) draw(drawing, edge)
    addServices(drawing, services.rows)
    const lengthSec = (range.toMs - range.fromMs) / 1000
    return {
      nodes: [...drawing.nodes].map(([id, { name, kind, system, calls }]) => ({ id, name, kind, system, figures: calls.red(lengthSec) })),
      edges: [...drawing.edges.values()].map(({ from, to, kind, calls }) => ({ from, to, kind, figures: calls.red(lengthSec) })),
      isPartial: edges.isPartial || services.isPartial,
    }
  }

  /** Services that answered the example calls of clients of which no answer is known, by the id of the asking span. */
  async #answering(scope: Scope, edges: readonly Edge[], signal: AbortSignal): Promise<Map<string, string>> {
    const answered = new Set(edges.filter(({ server }) => server !== '').map(({ client, peer }) => JSON.stringify([client, peer])))
    const asked = edges
      .filter(({ client, kind, peer, server }) => kind === edgeKinds.call && server === '' && !answered.has(JSON.stringify([client, peer])))
      .sort((a, b) => b.calls.count - a.calls.count)
      .slice(0, lookedIntoMax)
      .flatMap(({ calls }) => [calls.slowest, calls.failed])
      .filter((example) => example !== null)
    const out = new Map<string, string>()
    if (asked.length === 0) return out
    const buckets = asked.map(({ startMs }) => Math.floor(startMs / 1000 / bucketSec))
    const list = (ids: readonly string[]): string => ids.map((id) => `unhex('${id}')`).join(', ')
    // The answering clock may be off, or its span may begin in the next bucket.
    const within = this.#reads.buckets(scope, Math.min(...buckets) - 1, Math.max(...buckets) + 1)
    const sql = `SELECT DISTINCT lower(hex(parent_id)) AS parent, toString(service) AS service FROM ${spansTable}
      WHERE ${within} AND trace_id IN (${list(asked.map(({ traceId }) => traceId))}) AND parent_id IN (${list(asked.map(({ spanId }) => spanId))}) AND kind IN (2, 5)`
    for await (const block of this.#engine.queryNative({ sql, class: 'interactive', signal })) {
      const [parents, services] = [textsIn(block, 'parent'), textsIn(block, 'service')]
      for (let row = 0; row < block.rows; row++) out.set(parents[row] ?? '', services[row] ?? '')
    }
    return out
  }
}

function merged(rows: readonly CountedRow[]): Edge[] {
  const out = new Map<string, Edge>()
  for (const { keys, calls } of rows) {
    const [client = '', kind = '0', peer = '', system = '', server = ''] = keys
    const key = JSON.stringify(keys)
    let known = out.get(key)
    if (known === undefined) out.set(key, (known = { client, kind: Number(kind), peer, system, server, calls: new CallFigures() }))
    known.calls.add(calls)
  }
  return [...out.values()]
}

/** Calls without a known answer go to who answered others of the same client and peer: to the one that answered most. */
function* resolved(edges: readonly Edge[], found: ReadonlyMap<string, string>): Generator<Edge> {
  const most = new Map<string, Edge>()
  for (const edge of edges) {
    const key = JSON.stringify([edge.client, edge.peer])
    if (edge.server !== '' && edge.peer !== '' && edge.calls.count > (most.get(key)?.calls.count ?? 0)) most.set(key, edge)
  }
  for (const edge of edges) {
    if (edge.server !== '' || edge.kind !== edgeKinds.call) yield edge
    else {
      const examples = [edge.calls.slowest, edge.calls.failed].map((example) => found.get(example?.spanId ?? ''))
      const server = most.get(JSON.stringify([edge.client, edge.peer]))?.server ?? examples.find((each) => each !== undefined)
      yield server === undefined ? edge : { ...edge, server }
    }
  }
}

function draw(drawing: Drawing, { client, kind, peer, system, server, calls }: Edge): void {
  if (kind === edgeKinds.message && peer !== '') {
    const queue = drawing.node('queue', peer)
    if (client !== '') drawing.edge({ from: drawing.node('service', client), to: queue, kind: 'message' }, calls)
    else drawing.edge({ from: queue, to: drawing.node('service', server), kind: 'message' }, calls)
    // Consumers ask for what producers have sent: the queue's own figures are those of what came in.
    if (client !== '') drawing.nodes.get(queue)?.calls.add(calls)
    return
  }
  if (client === '') return
  const from = drawing.node('service', client)
  if (server !== '') {
    drawing.edge({ from, to: drawing.node('service', server), kind: kind === edgeKinds.message ? 'message' : 'call' }, calls)
    return
  }
  if (peer === '' && system === '') return
  const isDatabase = kind === edgeKinds.database
  const to = isDatabase
    ? drawing.node('database', peer === '' ? system : peer, system)
    : drawing.node('external', peer === '' ? otherName : peer)
  drawing.edge({ from, to, kind: isDatabase ? 'database' : 'call' }, calls)
  drawing.nodes.get(to)?.calls.add(calls)
}

/** Services answer for themselves; those that answer nothing are there with all they do. */
function addServices(drawing: Drawing, rows: readonly CountedRow[]): void {
  const entries = new Set(rows.filter(({ keys }) => keys[1] === '1').map(({ keys }) => keys[0]))
  for (const { keys, calls } of rows) {
    const [service = '', isEntry] = keys
    if (isEntry !== '1' && entries.has(service)) continue
    drawing.nodes.get(drawing.node('service', service))?.calls.add(calls)
  }
}
