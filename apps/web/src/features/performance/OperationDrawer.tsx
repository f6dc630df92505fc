/** One operation: its charts, what was found in it, and the ways to its traces and logs. */
import type { OperationName } from '@bellwether/protocol'
import { useQuery } from '@tanstack/react-query'
import { DetailDrawer } from '../../ui/DetailDrawer.tsx'
import { StatusMark } from '../../ui/StatusMark.tsx'
import { useRange } from '../range/index.ts'
import { usePlace } from '../session/index.ts'
import { OperationCharts } from './OperationCharts.tsx'
import { OperationLinks } from './OperationLinks.tsx'
import { findingNames, stateTone } from './performance-words.ts'
import { findingsOfQuery } from './performance.queries.ts'

export interface OperationDrawerProps {
  readonly name: OperationName
  readonly onClose: () => void
  readonly onFinding: (id: string) => void
}

export function OperationDrawer({ name, onClose, onFinding }: OperationDrawerProps) {
  const { projectPath } = usePlace()
  const { resolved } = useRange()
  const findings = useQuery(findingsOfQuery(projectPath, name))
  const items = findings.data?.items ?? []
  return (
    <DetailDrawer title={<span className="bw-mono">{name.operation}</span>} onClose={onClose}>
      <p className="bw-dim">
        {name.service} · {name.kind}
      </p>
      <OperationLinks name={name} />
      {items.length > 0 && (
        <ul className="bw-perf-found" aria-label="Findings of this operation">
          {items.map(({ id, title, finding, state }) => (
            <li key={id}>
              <StatusMark tone={stateTone(state)} label={findingNames[finding]} />{' '}
              <button type="button" className="bw-perf-link" onClick={() => onFinding(id)}>
                {title}
              </button>
            </li>
          ))}
        </ul>
      )}
      <OperationCharts name={name} range={resolved} change={null} />
    </DetailDrawer>
  )
}
