/** The chosen node of the map: its figures and its neighbours in words. */
import type { ServiceMap } from '@bellwether/protocol'
import { Link } from '@tanstack/react-router'
import { IconButton } from '../../ui/Button.tsx'
import { Fact } from '../../ui/Fact.tsx'
import { writeFilter } from '../../ui/search-filters.ts'
import { usePlace } from '../session/index.ts'
import { NodeName } from './Neighbours.tsx'
import { formatDuration, formatRate, formatShare } from './red-words.ts'

export interface MapNodeCardProps {
  readonly map: ServiceMap
  readonly id: string
  readonly onClose: () => void
}

export function MapNodeCard({ map, id, onClose }: MapNodeCardProps) {
  const { project } = usePlace()
  const node = map.nodes.find((each) => each.id === id)
  if (node === undefined) return null
  const { figures } = node
  const nameOf = (other: string): string => map.nodes.find((each) => each.id === other)?.name ?? other
  const callers = map.edges.filter(({ to }) => to === id)
  const called = map.edges.filter(({ from }) => from === id)
  const params = { project: project.id }
  return (
    <aside className="bw-map__card" aria-label={node.name}>
      <header>
        <h2>
          <NodeName node={node} />
        </h2>
        <IconButton small icon="close" label="Close" onClick={onClose} />
      </header>
      <dl className="bw-facts">
        <Fact name="Calls" value={formatRate(figures.perSec)} />
        <Fact name="Failed" value={formatShare(figures.errorRate)} />
        <Fact name="p50" value={formatDuration(figures.p50Ms)} />
        <Fact name="p95" value={formatDuration(figures.p95Ms)} />
        <Fact name="p99" value={formatDuration(figures.p99Ms)} />
      </dl>
      <EdgeWords title="Called by" edges={callers.map((edge) => [nameOf(edge.from), edge])} />
      <EdgeWords title="Calls" edges={called.map((edge) => [nameOf(edge.to), edge])} />
      {node.kind === 'service' && (
        <p className="bw-panel__ways">
          <Link to="/p/$project/services/$service" params={{ ...params, service: node.name }}>
            Its operations
          </Link>
          <Link
            to="/p/$project/explore/traces"
            params={params}
            search={{ q: `${writeFilter({ field: 'service', value: node.name, exclude: false })} status:error` }}
          >
            Failed traces
          </Link>
          <Link
            to="/p/$project/explore/logs"
            params={params}
            search={{ q: writeFilter({ field: 'service', value: node.name, exclude: false }) }}
          >
            Logs
          </Link>
        </p>
      )}
    </aside>
  )
}

interface EdgeWordsProps {
  readonly title: string
  readonly edges: readonly (readonly [name: string, edge: ServiceMap['edges'][number]])[]
}

function EdgeWords({ title, edges }: EdgeWordsProps) {
  if (edges.length === 0) return null
  return (
    <>
      <h3>{title}</h3>
      <ul className="bw-edge-list">
        {edges.map(([name, { from, to, kind, figures }]) => (
          <li key={`${from} ${to} ${kind}`}>
            <span>{name}</span>
            <span className="bw-edge-list__figures">
              {formatRate(figures.perSec)} · {formatShare(figures.errorRate)} · p95 {formatDuration(figures.p95Ms)}
            </span>
          </li>
        ))}
      </ul>
    </>
  )
}
