/** Performance: operations with their trends, what Bellwether found in them, and a period against the one before. */
import { getRouteApi } from '@tanstack/react-router'
import { Page } from '../../ui/Page.tsx'
import { Segmented } from '../../ui/Segmented.tsx'
import { usePlace } from '../session/index.ts'
import { FindingDrawer } from './FindingDrawer.tsx'
import { FindingsView } from './FindingsView.tsx'
import { OperationDrawer } from './OperationDrawer.tsx'
import { OperationsView } from './OperationsView.tsx'
import type { PerformanceView, UpdateSearch } from './performance-search.ts'
import { ReportView } from './ReportView.tsx'
import './performance.css'

const route = getRouteApi('/p/$project/performance')

const leads: Readonly<Record<PerformanceView, string>> = {
  operations: 'How often each operation is called, how long it takes and how often it fails, beside the same time before.',
  findings: 'What got worse and when, and what traces show to be slower than it has to be.',
  report: 'The chosen time against the same length of time before it.',
}

export function PerformancePage() {
  const { project } = usePlace()
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const update: UpdateSearch = (change) =>
    void navigate({
      search: (old) => Object.fromEntries(Object.entries({ ...old, ...change }).filter(([, value]) => value !== undefined)),
      replace: true,
    })
  const view = search.view ?? 'operations'
  const { service, operation, kind, open } = search
  return (
    <Page
      title="Performance"
      lead={leads[view]}
      actions={
        <Segmented
          label="View"
          value={view}
          options={[
            { value: 'operations', label: 'Operations' },
            { value: 'findings', label: 'Findings' },
            { value: 'report', label: 'Report' },
          ]}
          onChange={(next) => update({ view: next === 'operations' ? undefined : next, open: undefined, operation: undefined })}
        />
      }
      wide
    >
      {view === 'operations' && <OperationsView search={search} onUpdate={update} />}
      {view === 'findings' && <FindingsView search={search} onUpdate={update} />}
      {view === 'report' && <ReportView onUpdate={update} />}
      {open !== undefined && <FindingDrawer key={open} id={open} onClose={() => update({ open: undefined })} />}
      {open === undefined && operation !== undefined && service !== undefined && (
        <OperationDrawer
          key={`${project.id} ${service} ${operation} ${kind ?? ''}`}
          name={{ service, operation, kind: kind ?? 'server' }}
          onClose={() => update({ service: undefined, operation: undefined, kind: undefined })}
          onFinding={(id) => update({ open: id })}
        />
      )}
    </Page>
  )
}
