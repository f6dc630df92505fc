/** The steps from the wire to the disk, with the numbers of one metric. */
import type { Metric, MetricAnatomyBody } from '@bellwether/protocol'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { formatBytes, formatCount } from '../../lib/units.ts'
import { CodeBlock } from '../../ui/CodeBlock.tsx'
import { DataTable } from '../../ui/DataTable.tsx'
import { Section } from '../../ui/Page.tsx'
import type { Column } from '../../ui/table-model.ts'
import { meaningOf } from './data-model.ts'
import './data-model.css'

type TableRow = MetricAnatomyBody['tables'][number]

const holds: Readonly<Record<string, string>> = {
  samples: 'each sample: series id, time, value',
  histograms: 'native histograms: schema, counts and spans of buckets',
  sets: 'who was there, as a HyperLogLog state a minute',
  samples_5m: 'rollups of five minutes, made once a bucket is closed',
  samples_1h: 'rollups of an hour, made of the former',
}

const tableColumns: readonly Column<TableRow>[] = [
  { id: 'table', header: 'Table', value: (row) => row.table, cell: (row) => <code>{row.table}</code> },
  { id: 'holds', header: 'Holds', isMain: true, value: (row) => holds[row.table] ?? '', cell: (row) => holds[row.table] ?? '' },
  { id: 'rows', header: 'Rows of this metric', isNumber: true, value: (row) => row.rows, cell: (row) => formatCount(row.rows) },
  {
    id: 'size',
    header: 'Bytes a row',
    isNumber: true,
    value: (row) => row.bytesPerRow ?? 0,
    cell: (row) =>
      row.bytesPerRow === null ? '–' : row.bytesPerRow < 10 ? `${row.bytesPerRow.toFixed(2)} B` : formatBytes(row.bytesPerRow),
  },
]

function Step({ number, title, note, children }: { number: number; title: string; note?: string; children: ReactNode }) {
  return (
    <Section title={`${number}. ${title}`} {...(note === undefined ? {} : { note })}>
      <div className="bw-section__body bw-model__step">{children}</div>
    </Section>
  )
}

export interface DataModelStepsProps {
  readonly anatomy: MetricAnatomyBody
  /** From the list of metrics; null when it is not in it. */
  readonly summary: Metric | null
  /** The example as PromQL writes it; '' without one. */
  readonly series: string
  readonly projectId: string
}

export function DataModelSteps(props: DataModelStepsProps) {
  return (
    <>
      <NameSteps {...props} />
      <StoreSteps {...props} />
    </>
  )
}

function NameSteps({ anatomy, summary, series, projectId }: DataModelStepsProps) {
  const mri = summary?.mri ?? null
  return (
    <>
      <Step number={1} title="On the wire" note="bytes of a protocol">
        <p>
          OpenTelemetry, Prometheus, StatsD, Influx, a scrape or the client library: each has its own bytes, and each becomes the same thing
          here: a name, labels, a time and a value. Nobody changes an SDK. <SourcesLink projectId={projectId} /> lists who sends.
        </p>
      </Step>
      <Step number={2} title="Name, type and unit" note="what the numbers mean">
        {mri !== null && <CodeBlock code={mri} what="The full name" />}
        <p>
          The full name is <code>type:namespace/name@unit</code>. The namespace is the use case; what comes by a protocol that knows none is{' '}
          <code>custom</code>. {meaningOf(summary)}
        </p>
      </Step>
      <Step number={3} title="Series" note={summary === null ? '' : `${formatCount(summary.seriesCount)} of this metric`}>
        {anatomy.example === null ? (
          <p>No series of it was active lately.</p>
        ) : (
          <>
            <CodeBlock code={series} what="A series" />
            <p>
              Each combination of labels is a series of its own. This one has the number <code>{anatomy.example.seriesId}</code>: a hash of
              organization, project and labels, so every program finds the same one without asking. A label whose values never end (a
              request id, an e-mail address) makes series without end; limits stop what explodes and say which label it was.
            </p>
          </>
        )}
      </Step>
    </>
  )
}

function StoreSteps({ anatomy, series, projectId }: DataModelStepsProps) {
  return (
    <>
      <Step number={4} title="The log" note="what makes “accepted” true">
        <p>
          What arrived is appended to a log on the disk and flushed before the sender gets its answer. From then on neither a crash nor an
          engine that is away loses it, and nothing is stored twice: a sealed segment of the log is one insert, whose token the engine
          remembers.
        </p>
      </Step>
      <Step number={5} title="Memory" note="visible at once">
        <p>
          The newest samples stay in memory, series by series in typed arrays. A query asks there first; so a point is in your chart as soon
          as its sender has the answer.
        </p>
      </Step>
      <Step number={6} title="Tables" note={`rows of the last ${anatomy.daysCounted} days; sizes over all metrics`}>
        <p>
          ClickHouse keeps columns sorted by organization, project, metric (<code>{anatomy.metricHash}</code>, a hash of the name), hour and
          series: neighbours are alike, so a sample takes about a byte once parts have been merged.
        </p>
        <DataTable label="tables" columns={tableColumns} rows={anatomy.tables} rowKey={(row) => row.table} empty={null} />
      </Step>
      <Step number={7} title="Asking" note="memory and tables, joined by series">
        <p>
          A query finds series in the index in memory, takes the newest steps from memory and the rest from the tables; over a day or a year
          from rollups, where they give exactly the same answer.
        </p>
        {series !== '' && (
          <p>
            <Link to="/p/$project/explore/metrics" params={{ project: projectId }} search={{ q: [series] }}>
              Chart this series
            </Link>
          </p>
        )}
      </Step>
    </>
  )
}

function SourcesLink({ projectId }: { readonly projectId: string }) {
  return (
    <Link to="/p/$project/data/sources" params={{ project: projectId }}>
      Sources
    </Link>
  )
}
