/** No logs yet: what would be here, and the shortest ways to send some, with the real key. New rows replace it by themselves. */
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { CodeBlock } from '../../ui/CodeBlock.tsx'
import { Segmented } from '../../ui/Segmented.tsx'
import { Loading } from '../../ui/states.tsx'
import { keysQuery, usableKey } from '../keys/index.ts'
import { may, usePlace } from '../session/index.ts'
import { logSnippets } from './log-snippets.ts'

/** Stands where a key belongs when the reader may not see keys. */
const keyPlaceholder = 'YOUR_INGEST_KEY'

export function LogsEmpty() {
  const { projectPath, project, organization } = usePlace()
  const mayKeys = may(organization, 'write')
  const keys = useQuery({ ...keysQuery(projectPath), enabled: mayKeys })
  const [chosen, setChosen] = useState('curl')
  if (mayKeys && keys.isPending) return <Loading label="the key" rows={6} />
  const key = usableKey(keys.data?.items ?? [])
  const snippets = logSnippets({ origin: location.origin, key: key?.key ?? keyPlaceholder })
  const snippet = snippets.find(({ id }) => id === chosen) ?? snippets[0]
  return (
    <section className="bw-section bw-logs-empty" aria-label="Send the first logs">
      <h2>No logs in “{project.name}” yet</h2>
      <p className="bw-dim">
        Lines from programs, files and agents show here the moment they arrive: searchable by word and attribute, counted over time, grouped
        into patterns, beside their traces.
      </p>
      <Segmented
        label="How to send"
        value={chosen}
        options={snippets.map(({ id, label }) => ({ value: id, label }))}
        onChange={setChosen}
      />
      {snippet !== undefined && (
        <div className="bw-logs-empty__snippet">
          <p>{snippet.about}</p>
          <CodeBlock code={snippet.code} what={snippet.label} />
        </div>
      )}
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
      <p className="bw-logs-empty__waiting" role="status">
        <span className="bw-logs-empty__dot" aria-hidden="true" /> Waiting for the first line
      </p>
    </section>
  )
}
