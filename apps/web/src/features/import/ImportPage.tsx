/** Data › Import: a file is dropped, its columns are looked at, and it becomes samples; what runs and ran is below. */
import type { ImportBody } from '@bellwether/protocol'
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { formatBytes } from '../../lib/units.ts'
import { Button } from '../../ui/Button.tsx'
import { Notice } from '../../ui/Notice.tsx'
import { Page, Section } from '../../ui/Page.tsx'
import { Empty, Failure, Loading, NoPermission } from '../../ui/states.tsx'
import { may, usePlace } from '../session/index.ts'
import { ColumnRoles, PreviewRows } from './ColumnRoles.tsx'
import { FileDrop } from './FileDrop.tsx'
import { cancelImport, chooseFile, importsQuery, previewQuery, uploadFile, type ChosenFile } from './import.queries.ts'
import { ImportList } from './ImportList.tsx'
import { foundByServer, type Mapping } from './mapping.ts'

const busyRefreshMs = 1000
const idleRefreshMs = 10_000

export function ImportPage() {
  const { project, organization } = usePlace()
  return (
    <Page title="Import" lead={`Files of CSV or JSON lines become samples of project “${project.name}”.`}>
      {may(organization, 'write') ? <Imports /> : <NoPermission what="Import files" message="Your role may only read." />}
    </Page>
  )
}

function Imports() {
  const { projectPath } = usePlace()
  const client = useQueryClient()
  const { queryKey } = importsQuery(projectPath)
  const [sendingId, setSendingId] = useState<string | null>(null)
  const imports = useQuery({
    ...importsQuery(projectPath),
    refetchInterval: (query) => (query.state.data?.some(({ state }) => state === 'running') === true ? busyRefreshMs : idleRefreshMs),
  })
  const note = (status: ImportBody): void => {
    setSendingId(status.state === 'running' ? status.id : null)
    client.setQueryData(queryKey, (before: ImportBody[] | undefined) => [status, ...(before ?? []).filter(({ id }) => id !== status.id)])
  }
  const cancel = useMutation({ mutationFn: (id: string) => cancelImport(projectPath, id), onSuccess: note })
  return (
    <>
      <NewImport imports={imports.data ?? []} isSending={sendingId !== null} onProgress={note} onEnd={() => setSendingId(null)} />
      <Section title="Imports" note="since the program started">
        {imports.isPending && <Loading label="imports" />}
        {imports.isError && <Failure error={imports.error} title="The imports could not be read" onRetry={() => void imports.refetch()} />}
        {cancel.isError && <Failure compact error={cancel.error} title="The import could not be cancelled" />}
        {imports.data?.length === 0 && (
          <Empty title="Nothing was imported yet">What you import is listed here with what became of it.</Empty>
        )}
        {imports.data !== undefined && imports.data.length > 0 && (
          <ImportList imports={imports.data} sendingId={sendingId} onCancel={(id) => cancel.mutate(id)} />
        )}
      </Section>
    </>
  )
}

interface NewImportProps {
  readonly imports: readonly ImportBody[]
  readonly isSending: boolean
  readonly onProgress: (status: ImportBody) => void
  readonly onEnd: () => void
}

function NewImport({ imports, isSending, onProgress, onEnd }: NewImportProps) {
  const { projectPath } = usePlace()
  const [chosen, setChosen] = useState<ChosenFile | null>(null)
  const [mapping, setMapping] = useState<Mapping>(foundByServer)
  const choose = useMutation({
    mutationFn: chooseFile,
    onSuccess: (next) => {
      setMapping(foundByServer)
      setChosen(next)
    },
  })
  const upload = useMutation({
    mutationFn: async ({ file, resumed }: { readonly file: ChosenFile; readonly resumed: ImportBody | null }) =>
      await uploadFile({ projectPath, chosen: file, mapping, resumed, signal: new AbortController().signal, onProgress }),
    onSuccess: () => setChosen(null),
    onSettled: onEnd,
  })
  const resumed =
    chosen === null
      ? undefined
      : imports.find(
          ({ state, fileName, sizeBytes }) => state === 'running' && fileName === chosen.file.name && sizeBytes === chosen.file.size,
        )
  return (
    <Section title="A file" {...(chosen === null ? {} : { note: `${chosen.file.name}, ${formatBytes(chosen.file.size)}` })}>
      <div className="bw-import-body">
        <FileDrop disabled={isSending} onFile={(file) => choose.mutate(file)} />
        {choose.isError && <Failure compact error={choose.error} title="The file could not be read" />}
        {upload.isError && <Failure compact error={upload.error} title="The file could not be sent" />}
        {chosen !== null && resumed !== undefined && (
          <ImportButton busy={upload.isPending} label="Go on with it" onImport={() => upload.mutate({ file: chosen, resumed })} />
        )}
        {chosen !== null && resumed === undefined && (
          <Columns
            chosen={chosen}
            mapping={mapping}
            isSending={upload.isPending}
            onMapping={setMapping}
            onImport={() => upload.mutate({ file: chosen, resumed: null })}
          />
        )}
      </div>
    </Section>
  )
}

function ImportButton({ busy, label, onImport }: { readonly busy: boolean; readonly label: string; readonly onImport: () => void }) {
  return (
    <div>
      <Button variant="primary" busy={busy} onClick={onImport}>
        {label}
      </Button>
    </div>
  )
}

interface ColumnsProps {
  readonly chosen: ChosenFile
  readonly mapping: Mapping
  readonly isSending: boolean
  readonly onMapping: (mapping: Mapping) => void
  readonly onImport: () => void
}

function Columns({ chosen, mapping, isSending, onMapping, onImport }: ColumnsProps) {
  const { projectPath } = usePlace()
  const preview = useQuery({ ...previewQuery(projectPath, chosen, mapping), placeholderData: keepPreviousData })
  const startOver = mapping === foundByServer ? {} : { onRetry: () => onMapping(foundByServer) }
  return (
    <>
      {preview.isPending && <Loading label="the first rows" rows={3} />}
      {preview.isError && <Failure compact error={preview.error} title="The columns cannot be mapped" {...startOver} />}
      {preview.data !== undefined && (
        <>
          <ColumnRoles preview={preview.data} mapping={mapping} disabled={isSending} onChange={onMapping} />
          {preview.data.problem === null ? (
            <>
              <ImportButton busy={isSending} label="Import" onImport={onImport} />
              <PreviewRows preview={preview.data} />
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
