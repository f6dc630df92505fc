/** The columns of a chosen file: what they are, and the first rows as they would be imported. */
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { lazy, Suspense } from 'react'
import { Notice } from '../../ui/Notice.tsx'
import { Failure, Loading } from '../../ui/states.tsx'
import { usePlace } from '../session/index.ts'
import { ColumnRoles, SeparatorChoice } from './ColumnRoles.tsx'
import { previewQuery, type ChosenFile } from './import.queries.ts'
import { ImportButton } from './ImportButton.tsx'
import { foundByServer, type Mapping } from './mapping.ts'

const PreviewRows = lazy(async () => ({ default: (await import('./PreviewRows.tsx')).PreviewRows }))

interface FileColumnsProps {
  readonly chosen: ChosenFile
  readonly mapping: Mapping
  readonly onMapping: (mapping: Mapping) => void
  readonly onImport: () => void
}

export function FileColumns({ chosen, mapping, onMapping, onImport }: FileColumnsProps) {
  const { projectPath } = usePlace()
  const preview = useQuery({ ...previewQuery(projectPath, chosen, mapping), placeholderData: keepPreviousData })
  const { separator } = mapping
  const startOver = mapping.roles === null ? {} : { onRetry: () => onMapping({ ...foundByServer, separator }) }
  return (
    <>
      {separator !== null && (
        <SeparatorChoice separator={separator} onChange={(next) => onMapping({ ...foundByServer, separator: next })} />
      )}
      {preview.isPending && <Loading label="the first rows" rows={3} />}
      {preview.isError && <Failure compact error={preview.error} title="The columns cannot be mapped" {...startOver} />}
      {preview.data !== undefined && (
        <>
          <ColumnRoles preview={preview.data} mapping={mapping} onChange={onMapping} />
          {preview.data.problem === null ? (
            <>
              <ImportButton label="Import" onImport={onImport} />
              <Suspense fallback={<Loading label="the first rows" rows={3} />}>
                <PreviewRows preview={preview.data} />
              </Suspense>
            </>
          ) : (
            <Notice tone="warn" icon="warning" title="The columns cannot be mapped yet">
              <p>{preview.data.problem}</p>
            </Notice>
          )}
        </>
      )}
    </>
  )
}
