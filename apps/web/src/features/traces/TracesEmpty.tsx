/** No traces: what would be here, and the shortest ways to send some, with the real key. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { isLive } from '../../lib/time-range.ts'
import { CodeBlock } from '../../ui/CodeBlock.tsx'
import { Button } from '../../ui/Button.tsx'
import { Segmented } from '../../ui/Segmented.tsx'
import { Loading } from '../../ui/states.tsx'
import { keysQuery, usableKey } from '../keys/index.ts'
import { useRange } from '../range/index.ts'
import { may, usePlace } from '../session/index.ts'
import { traceSnippets } from './trace-snippets.ts'
import './traces.css'

/** Stands where a key belongs when the reader may not see keys. */
const keyPlaceholder = 'YOUR_INGEST_KEY'
/** How often is looked for the first span. */
const lookAgainMs = 3000

export function TracesEmpty() {
  const { projectPath, project, organization } = usePlace()
  const { range, setRange, refreshNow } = useRange()
  useEffect(() => {
    if (!isLive(range)) return undefined
    const timer = window.setInterval(refreshNow, lookAgainMs)
    return () => window.clearInterval(timer)
  }, [range, refreshNow])
  const mayKeys = may(organization, 'write')
  const keys = useQuery({ ...keysQuery(projectPath), enabled: mayKeys })
  const [chosen, setChosen] = useState('node')
  if (mayKeys && keys.isPending) return <Loading label="the key" rows={6} />
  const key = usableKey(keys.data?.items ?? [])
  const snippets = traceSnippets({ origin: location.origin, key: key?.key ?? keyPlaceholder })
  const snippet = snippets.find(({ id }) => id === chosen) ?? snippets[0]
  return (
    <section className="bw-section bw-traces-empty" aria-label="Send the first traces">
      <h2>No span in “{project.name}” in this time range</h2>
      <p className="bw-dim">
        A trace shows one request on its way through your services: which call took how long, what waited for what, what failed.
        OpenTelemetry SDKs send them without a change of the program.
      </p>
      <Segmented
        label="How to send"
        value={chosen}
        options={snippets.map(({ id, label }) => ({ value: id, label }))}
        onChange={setChosen}
      />
      {snippet !== undefined && <CodeBlock code={snippet.code} what={snippet.label} />}
      {key === null && (
        <p>
          {mayKeys ? (
            <Link to="/p/$project/settings/keys" params={{ project: project.id }}>
              This project has no working key: create one
            </Link>
          ) : (
            `Your role does not show keys: ask an admin for one and put it in place of ${keyPlaceholder}.`
          )}
        </p>
      )}
      <div className="bw-traces-empty__next">
        <p className="bw-traces-empty__waiting" role="status">
          {isLive(range) ? 'Waiting for the first span; it shows here by itself.' : 'This range lies in the past.'}
        </p>
        <Button small onClick={() => setRange({ from: 'now-7d', to: 'now' })}>
          Look at the last 7 days
        </Button>
      </div>
    </section>
  )
}
