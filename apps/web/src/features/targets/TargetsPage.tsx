/** Targets: what is scraped, whether it answers, and why not. Live. */
import type { DroppedScrapeTarget, ScrapeTarget, TargetHealth, TargetsBody } from '@bellwether/protocol'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { formatAgo } from '../../lib/time-format.ts'
import { formatCount, formatMs } from '../../lib/units.ts'
import { useNow } from '../../lib/use-now.ts'
import { CodeBlock } from '../../ui/CodeBlock.tsx'
import { DataTable } from '../../ui/DataTable.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { Page, Section } from '../../ui/Page.tsx'
import { SearchField } from '../../ui/SearchField.tsx'
import { Segmented } from '../../ui/Segmented.tsx'
import { Empty, Failure, Loading } from '../../ui/states.tsx'
import { StatusMark, type Tone } from '../../ui/StatusMark.tsx'
import type { Column } from '../../ui/table-model.ts'
import { usePlace } from '../session/index.ts'
import { TargetDrawer } from './TargetDrawer.tsx'
import {
  exampleConfig,
  healthWords,
  labelsText,
  narrowed,
  narrowedDropped,
  sentence,
  startCommand,
  summary,
  targetKey,
  targetsQuery,
} from './targets.queries.ts'
import type { TargetState } from './targets-search.ts'
import './targets.css'

const refreshMs = 3000
const route = getRouteApi('/p/$project/data/targets')
const tones: Readonly<Record<TargetHealth, Tone>> = { up: 'ok', down: 'down', unknown: 'unknown' }

export function TargetsPage() {
  const { projectPath, project } = usePlace()
  const targets = useQuery({ ...targetsQuery(projectPath), refetchInterval: refreshMs })
  const body = targets.data
  return (
    <Page
      title="Targets"
      lead={
        body !== undefined && body.targets.length > 0
          ? summary(body.targets)
          : `What Bellwether scrapes into project “${project.name}” by itself.`
      }
    >
      {targets.isPending && <Loading label="targets" rows={6} />}
      {targets.isError && <Failure error={targets.error} title="The targets could not be read" onRetry={() => void targets.refetch()} />}
      {body !== undefined && (
        <>
          <Problems body={body} />
          {body.jobs.length === 0 ? <NothingScraped isConfigured={body.isConfigured} /> : <Targets body={body} />}
        </>
      )}
    </Page>
  )
}

function Problems({ body }: { readonly body: TargetsBody }) {
  const problems = body.jobs.flatMap(({ name, problems: own }) => own.map((problem) => `Job ${name}: ${problem}`))
  return (
    <>
      {body.configError !== null && (
        <Notice tone="warn" icon="warning" title="The file of targets is not in use as it is now">
          <p>
            {sentence(body.configError)} {body.loadedAt === null ? 'Nothing is scraped until it is right.' : 'What it said before goes on.'}
          </p>
          {body.configPath !== null && (
            <p>
              <code>{body.configPath}</code>
            </p>
          )}
        </Notice>
      )}
      {problems.length > 0 && (
        <Notice tone="warn" icon="warning" title="Not every target could be found">
          {problems.map((problem) => (
            <p key={problem}>{sentence(problem)}</p>
          ))}
        </Notice>
      )}
      {body.notes.length > 0 && (
        <Notice icon="help" title="Parts of the file mean nothing here">
          {body.notes.map((note) => (
            <p key={note}>{note}</p>
          ))}
        </Notice>
      )}
    </>
  )
}

function NothingScraped({ isConfigured }: { readonly isConfigured: boolean }) {
  const { project } = usePlace()
  return (
    <>
      <Empty title="Nothing is scraped into this project" icon="data">
        <p>
          Exporters and services that show their metrics at an address, as Prometheus reads them, need no agent: name them in a file, and
          Bellwether fetches them itself.
          {isConfigured ? ` A job goes into this project by its number: project: ${project.id}.` : ''}
        </p>
      </Empty>
      <Section title="A file of targets" note="paste the scrape_configs you have">
        <CodeBlock code={exampleConfig(project.id)} what="the file" />
      </Section>
      {!isConfigured && (
        <Section title="Start Bellwether with it" note="later changes of the file are read by themselves">
          <CodeBlock code={startCommand} what="the setting" />
        </Section>
      )}
    </>
  )
}

function Targets({ body }: { readonly body: TargetsBody }) {
  const { state = 'all', find = '', open } = route.useSearch()
  const navigate = route.useNavigate()
  const nowMs = useNow()
  const go = (changes: { readonly state?: TargetState; readonly find?: string; readonly open?: string | undefined }): void => {
    const next: { state: TargetState; find: string; open?: string | undefined } = { state, find, open, ...changes }
    void navigate({
      replace: true,
      search: {
        ...(next.state === 'all' ? {} : { state: next.state }),
        ...(next.find === '' ? {} : { find: next.find }),
        ...(next.open === undefined ? {} : { open: next.open }),
      },
    })
  }
  const opened = body.targets.find((target) => targetKey(target) === open)
  const count = (health: TargetHealth): number => body.targets.filter((target) => target.health === health).length
  const droppedTotal = body.jobs.reduce((sum, { dropped }) => sum + dropped, 0)
  return (
    <section className="bw-section" aria-label="Targets">
      <div className="bw-targets__bar">
        <Segmented
          label="State"
          value={state}
          options={[
            { value: 'all', label: `All ${body.targets.length}` },
            { value: 'up', label: `Up ${count('up')}` },
            { value: 'down', label: `Down ${count('down')}` },
            { value: 'unknown', label: `Waiting ${count('unknown')}` },
            { value: 'dropped', label: `Dropped ${droppedTotal}` },
          ]}
          onChange={(to) => go({ state: to })}
        />
        <SearchField label="Find a target" value={find} onChange={(text) => go({ find: text })} />
      </div>
      {state === 'dropped' ? (
        <DataTable
          label="dropped targets"
          columns={droppedColumns}
          rows={narrowedDropped(body.dropped, find)}
          rowKey={({ job, discoveredLabels }) => `${job} ${labelsText(discoveredLabels)}`}
          empty={
            <Empty title={find === '' ? 'No target was dropped' : 'No dropped target matches'} icon="filter">
              <p>Targets that were found and that relabelling leaves out show here, with all their labels.</p>
            </Empty>
          }
        />
      ) : (
        <DataTable
          label="targets"
          columns={columnsAt(nowMs)}
          rows={narrowed(body.targets, state, find)}
          rowKey={targetKey}
          openKey={open ?? null}
          onOpen={(target) => go({ open: targetKey(target) })}
          initialSort={{ column: 'state', descending: false }}
          empty={<NoneMatch total={body.targets.length} />}
        />
      )}
      {opened !== undefined && <TargetDrawer target={opened} nowMs={nowMs} onClose={() => go({ open: undefined })} />}
    </section>
  )
}

function NoneMatch({ total }: { readonly total: number }) {
  if (total > 0) return <Empty title="No target matches" icon="filter" />
  return (
    <Empty title="No target was found" icon="data">
      <p>There are jobs, but their files and addresses name no target, or relabelling drops every one.</p>
    </Empty>
  )
}

/** What is wrong comes first. */
const order: Readonly<Record<TargetHealth, number>> = { down: 0, unknown: 1, up: 2 }

function columnsAt(nowMs: number): readonly Column<ScrapeTarget>[] {
  return [
    {
      id: 'state',
      header: 'State',
      width: '130px',
      value: ({ health }) => order[health],
      cell: ({ health }) => <StatusMark tone={tones[health]} label={healthWords[health]} />,
    },
    { id: 'job', header: 'Job', width: '120px', isExtra: true, value: ({ job }) => job, cell: ({ job }) => job },
    {
      id: 'instance',
      header: 'Target',
      isMain: true,
      value: ({ url }) => url,
      cell: (target) => (
        <span title={target.url}>
          {target.labels['instance'] ?? target.url} <span className="bw-dim">{labelsText(target.labels, ['job', 'instance'])}</span>
        </span>
      ),
    },
    {
      id: 'error',
      header: 'What is wrong',
      value: ({ lastError }) => lastError ?? '',
      cell: ({ lastError }) => (lastError === null ? '' : <span title={lastError}>{sentence(lastError)}</span>),
    },
    {
      id: 'last',
      header: 'Last scrape',
      isNumber: true,
      value: ({ lastScrapeAt }) => lastScrapeAt ?? '',
      cell: ({ lastScrapeAt }) =>
        lastScrapeAt === null ? '' : <time title={lastScrapeAt}>{formatAgo(Date.parse(lastScrapeAt), nowMs)}</time>,
    },
    {
      id: 'took',
      header: 'Took',
      isNumber: true,
      isExtra: true,
      value: ({ lastDurationMs }) => lastDurationMs,
      cell: ({ lastScrapeAt, lastDurationMs }) => (lastScrapeAt === null ? '' : formatMs(lastDurationMs)),
    },
    {
      id: 'samples',
      header: 'Samples',
      isNumber: true,
      isExtra: true,
      value: ({ samplesKept }) => samplesKept,
      cell: ({ samplesKept, samplesScraped }) => <span title={`${samplesScraped} exposed`}>{formatCount(samplesKept)}</span>,
    },
  ]
}

const droppedColumns: readonly Column<DroppedScrapeTarget>[] = [
  { id: 'job', header: 'Job', width: '120px', value: ({ job }) => job, cell: ({ job }) => job },
  {
    id: 'labels',
    header: 'Labels before relabelling',
    isMain: true,
    value: ({ discoveredLabels }) => labelsText(discoveredLabels),
    cell: ({ discoveredLabels }) => <span title={labelsText(discoveredLabels)}>{labelsText(discoveredLabels)}</span>,
  },
  { id: 'reason', header: 'Why', value: ({ reason }) => reason, cell: ({ reason }) => reason },
]
