/** Send your first data: a snippet with the real key in it, and the moment it arrives. */
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { CodeBlock } from '../../ui/CodeBlock.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { Page } from '../../ui/Page.tsx'
import { Failure, Loading } from '../../ui/states.tsx'
import { keysQuery, usableKey } from '../keys/index.ts'
import { may, usePlace } from '../session/index.ts'
import { listenerPort, systemQuery } from '../system/index.ts'
import { ArrivalNotice } from './ArrivalNotice.tsx'
import { proposedPorts } from './snippet-model.ts'
import { snippetsFor } from './snippets.ts'
import './start.css'

/** Stands where a key belongs when the reader may not see keys. */
const keyPlaceholder = 'YOUR_INGEST_KEY'

export function StartPage() {
  const { projectPath, project, organization } = usePlace()
  const search = useSearch({ from: '/p/$project/start' })
  const navigate = useNavigate()
  const mayKeys = may(organization, 'write')
  const keys = useQuery({ ...keysQuery(projectPath), enabled: mayKeys })
  const key = usableKey(keys.data?.items ?? [])
  const system = useQuery(systemQuery)
  const portOf = (name: keyof typeof proposedPorts): number | null =>
    system.data === undefined ? proposedPorts[name] : listenerPort(system.data, name)
  const ports = { statsd: portOf('statsd'), syslog: portOf('syslog') }
  const snippets = snippetsFor({ origin: location.origin, key: key?.key ?? keyPlaceholder, project: project.id, ports })
  const chosen = snippets.find((snippet) => snippet.id === search.with) ?? snippets[0]
  const waiting = (mayKeys && keys.isPending) || system.isPending
  return (
    <Page
      title="Send data"
      lead={`Choose what you have. The snippets carry the key of project “${project.name}” and this server's address.`}
    >
      <ArrivalNotice />
      {keys.isError && <Failure compact error={keys.error} title="The key could not be read" onRetry={() => void keys.refetch()} />}
      {!waiting && key === null && (
        <Notice tone="warn" icon="key" title={mayKeys ? 'This project has no working key' : 'Your role does not show keys'}>
          <p>
            {mayKeys ? (
              <Link to="/p/$project/settings/keys" params={{ project: project.id }}>
                Create an ingest key
              </Link>
            ) : (
              `Ask an admin for one and put it in place of ${keyPlaceholder}.`
            )}
          </p>
        </Notice>
      )}
      <div className="bw-start">
        <ul className="bw-start__list" aria-label="What you have">
          {snippets.map((snippet) => (
            <li key={snippet.id}>
              <button
                type="button"
                aria-current={snippet.id === chosen?.id || undefined}
                onClick={() => void navigate({ to: '.', search: (current) => ({ ...current, with: snippet.id }), replace: true })}
              >
                {snippet.label}
              </button>
            </li>
          ))}
        </ul>
        {waiting ? (
          <Loading label="the key" rows={6} />
        ) : (
          <ol className="bw-start__steps">
            {chosen?.steps.map((step) => (
              <li key={step.title}>
                <h2>{step.title}</h2>
                <CodeBlock code={step.code} what={step.title} />
              </li>
            ))}
          </ol>
        )}
      </div>
      <p className="bw-dim">
        Programs on the server’s own machine may leave the key out, and reach it where OpenTelemetry sends by default (4317 gRPC, 4318
        HTTP), unless the settings say otherwise.
      </p>
    </Page>
  )
}
