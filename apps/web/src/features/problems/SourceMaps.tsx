/** Source maps of the project: which file of which release they are for. */
import type { SourceMapFile } from '@bellwether/protocol'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { formatAgo } from '../../lib/time-format.ts'
import { formatBytes } from '../../lib/units.ts'
import { useNow } from '../../lib/use-now.ts'
import { Button } from '../../ui/Button.tsx'
import { ConfirmTyped } from '../../ui/ConfirmTyped.tsx'
import { DataTable } from '../../ui/DataTable.tsx'
import { MiddleCut } from '../../ui/MiddleCut.tsx'
import { Section } from '../../ui/Page.tsx'
import { Empty, Failure, Loading } from '../../ui/states.tsx'
import type { Column } from '../../ui/table-model.ts'
import { may, usePlace } from '../session/index.ts'
import { deleteSourceMap, sourceMapsQuery } from './problems.queries.ts'

export function SourceMaps() {
  const { projectPath, project, organization } = usePlace()
  const client = useQueryClient()
  const nowMs = useNow(30_000)
  const maps = useQuery(sourceMapsQuery(projectPath))
  const [asked, setAsked] = useState<SourceMapFile | null>(null)
  const deleting = useMutation({
    mutationFn: (id: string) => deleteSourceMap(projectPath, id),
    onSuccess: () => setAsked(null),
    onSettled: () => client.invalidateQueries({ queryKey: ['source-maps', projectPath] }),
  })
  return (
    <Section title="Source maps" note="what minified stacks are read by">
      {maps.isPending && <Loading label="source maps" rows={2} />}
      {maps.isError && <Failure compact error={maps.error} title="Source maps could not be read" onRetry={() => void maps.refetch()} />}
      {maps.data !== undefined && (
        <DataTable
          label="source maps"
          columns={columnsFor(nowMs, may(organization, 'write') ? setAsked : null)}
          rows={maps.data}
          rowKey={({ id }) => id}
          maxHeight="40dvh"
          empty={
            <Empty title="No source maps" icon="link">
              <p>
                Upload those of a build, and stacks of its minified scripts show the source:{' '}
                <Link to="/p/$project/start" params={{ project: project.id }} search={{ with: 'sentry' }}>
                  how to send them
                </Link>
                .
              </p>
            </Empty>
          }
        />
      )}
      {asked !== null && (
        <ConfirmTyped
          title="Delete a source map"
          name={asked.name.split('/').at(-1) ?? asked.name}
          action="Delete the source map"
          busy={deleting.isPending}
          error={deleting.error}
          onConfirm={() => deleting.mutate(asked.id)}
          onClose={() => setAsked(null)}
        >
          <p>Stacks of release {asked.release === '' ? '(none)' : asked.release} in this file are shown minified from then on.</p>
        </ConfirmTyped>
      )}
    </Section>
  )
}

function columnsFor(nowMs: number, onDelete: ((file: SourceMapFile) => void) | null): readonly Column<SourceMapFile>[] {
  return [
    { id: 'name', header: 'File', isMain: true, value: ({ name }) => name, cell: ({ name }) => <MiddleCut text={name} /> },
    { id: 'release', header: 'Release', value: ({ release }) => release, cell: ({ release }) => release },
    {
      id: 'debug',
      header: 'Debug id',
      isExtra: true,
      value: ({ debugId }) => debugId,
      cell: ({ debugId }) => (debugId === null ? '—' : <code title={debugId}>{debugId.slice(0, 8)}</code>),
    },
    {
      id: 'size',
      header: 'Size',
      isNumber: true,
      isExtra: true,
      value: ({ sizeBytes }) => sizeBytes,
      cell: ({ sizeBytes }) => formatBytes(sizeBytes),
    },
    {
      id: 'uploaded',
      header: 'Uploaded',
      isNumber: true,
      value: ({ uploadedAt }) => uploadedAt,
      cell: ({ uploadedAt, uploadedBy }) => (
        <time title={`${uploadedAt} by ${uploadedBy}`}>{formatAgo(Date.parse(uploadedAt), nowMs)}</time>
      ),
    },
    ...(onDelete === null
      ? []
      : [
          {
            id: 'actions',
            header: '',
            isNumber: true,
            cell: (file: SourceMapFile) => (
              <Button small variant="quiet" icon="trash" aria-label={`Delete ${file.name}`} onClick={() => onDelete(file)}>
                Delete
              </Button>
            ),
          },
        ]),
  ]
}
