/** Under a search that found nothing: the part of it that is to blame, left out with a press. */
import type { SearchSignal } from '@bellwether/protocol'
import { useQuery } from '@tanstack/react-query'
import { Button } from '../../ui/Button.tsx'
import { useRange } from '../range/index.ts'
import { usePlace } from '../session/index.ts'
import { searchPartsQuery } from './search.queries.ts'
import { whyNothing } from './why-model.ts'
import './why.css'

export interface WhyNothingProps {
  readonly signal: SearchSignal
  readonly query: string
  readonly onQuery: (query: string) => void
}

export function WhyNothing({ signal, query, onQuery }: WhyNothingProps) {
  const { projectPath } = usePlace()
  const { resolved } = useRange()
  const parts = useQuery({ ...searchPartsQuery(projectPath, signal, { query, ...resolved }), enabled: query !== '' })
  const why = whyNothing(parts.data?.items ?? [], signal === 'logs' ? 'row' : 'span')
  // Its height is there before the answer, so that nothing moves; nobody waits for it.
  if (why === null) return <div className="bw-why" aria-hidden="true" />
  return (
    <div className="bw-why" role="status">
      <p>{why.sentence}</p>
      {why.drops.length > 0 && (
        <span className="bw-why__parts">
          {why.drops.map(({ text, rest }) => (
            <Button key={text} small icon="close" onClick={() => onQuery(rest)} title={`Search without ${text}`}>
              <code>{text}</code>
            </Button>
          ))}
        </span>
      )}
    </div>
  )
}
