/** Who calls a service, and whom it calls. */
import type { MapEdge, MapNode, ServiceMap } from '@bellwether/protocol'
import { Link } from '@tanstack/react-router'
import { Section } from '../../ui/Page.tsx'
import { StatusMark } from '../../ui/StatusMark.tsx'
import { usePlace } from '../session/index.ts'
import { formatDuration, formatRate, formatShare, toneOfErrors } from './red-words.ts'

export interface NeighboursProps {
  readonly map: ServiceMap
  readonly service: string
}

export function Neighbours({ map, service }: NeighboursProps) {
  const { project } = usePlace()
  const nodes = new Map(map.nodes.map((node) => [node.id, node]))
  const callers = map.edges.filter(({ to }) => to === service)
  const called = map.edges.filter(({ from }) => from === service)
  return (
    <Section
      title="Neighbours"
      actions={
        <Link to="/p/$project/service-map" params={{ project: project.id }} search={{ node: service }}>
          On the map
        </Link>
      }
    >
      <div className="bw-columns bw-section__body">
        <EdgeList title="Called by" edges={callers} nodeOf={({ from }) => nodes.get(from)} none="Nobody here: calls come from outside." />
        <EdgeList title="Calls" edges={called} nodeOf={({ to }) => nodes.get(to)} none="Nobody." />
      </div>
    </Section>
  )
}

interface EdgeListProps {
  readonly title: string
  readonly edges: readonly MapEdge[]
  readonly nodeOf: (edge: MapEdge) => MapNode | undefined
  readonly none: string
}

function EdgeList({ title, edges, nodeOf, none }: EdgeListProps) {
  const sorted = [...edges].sort((a, b) => b.figures.count - a.figures.count)
  return (
    <div>
      <h3>{title}</h3>
      {sorted.length === 0 && <p className="bw-dim">{none}</p>}
      <ul className="bw-edge-list">
        {sorted.map((edge) => {
          const node = nodeOf(edge)
          if (node === undefined) return null
          const { figures } = edge
          return (
            <li key={`${edge.from} ${edge.to} ${edge.kind}`}>
              <StatusMark tone={toneOfErrors(figures.errorRate)} label="" hideLabel />
              <NodeName node={node} />
              <span className="bw-dim">{edge.kind === 'call' ? '' : edge.kind}</span>
              <span className="bw-edge-list__figures">
                {formatRate(figures.perSec)} · {formatShare(figures.errorRate)} · p95 {formatDuration(figures.p95Ms)}
              </span>
            </li>
          )
        })}
      </ul>
    </div>
  )
}

/** A service leads to its page; what sends no spans of its own has none. */
export function NodeName({ node }: { readonly node: MapNode }) {
  const { project } = usePlace()
  if (node.kind !== 'service') return <span>{node.name}</span>
  return (
    <Link to="/p/$project/services/$service" params={{ project: project.id, service: node.name }}>
      {node.name}
    </Link>
  )
}
