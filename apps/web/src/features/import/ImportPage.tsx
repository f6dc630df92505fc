/** Data › Import: a file is dropped, its columns are looked at, and it becomes samples; what runs and ran is below. */
import type { ImportBody } from '@bellwether/protocol'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { formatBytes } from '../../lib/units.ts'
import { Page, Section } from '../../ui/Page.tsx'
import { Empty, Failure, Loading, NoPermission } from '../../ui/states.tsx'
import { may, usePlace } from '../session/index.ts'
import { FileDrop } from './FileDrop.tsx'
import { cancelImport, chooseFile, importsQuery, type ChosenFile } from './import.queries.ts'
import { ImportButton } from './ImportButton.tsx'
import { ImportList } from './ImportList.tsx'
import { foundByServer, type Mapping } from './mapping.ts'
import { uploads, useUpload, type UploadState } from './uploads.ts'

/** Only once a file is chosen. */
const FileColumns = lazy(async () => ({ default: (await import('./FileColumns.tsx')).FileColumns }))

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
  const upload = useUpload(projectPath)
  const imports = useQuery({
    ...importsQuery(projectPath),
    refetchInterval: (query) => (query.state.data?.some(({ state }) => state === 'running') === true ? busyRefreshMs : idleRefreshMs),
  })
  const note = (status: ImportBody): void => {
    client.setQueryData(queryKey, (before: ImportBody[] | undefined) => [status, ...(before ?? []).filter(({ id }) => id !== status.id)])
  }
  const cancel = useMutation({
    mutationFn: (id: string) => {
      uploads.stop(projectPath, id)
      return cancelImport(projectPath, id)
    },
    onSuccess: note,
  })
  return (
    <>
      <NewImport key={projectPath} imports={imports.data ?? []} upload={upload} onProgress={note} />
      <Section title="Imports" note="since the program started">
        {imports.isPending && <Loading label="imports" />}
        {imports.isError && <Failure error={imports.error} title="The imports could not be read" onRetry={() => void imports.refetch()} />}
        {cancel.isError && <Failure compact error={cancel.error} title="The import could not be cancelled" />}
        {imports.data?.length === 0 && (
          <Empty title="Nothing was imported yet">What you import is listed here with what became of it.</Empty>
        )}
        {imports.data !== undefined && imports.data.length > 0 && (
          <ImportList imports={imports.data} sendingId={upload.importId} onCancel={(id) => cancel.mutate(id)} />
        )}
      </Section>
    </>
  )
}

interface NewImportProps {
  readonly imports: readonly ImportBody[]
  readonly upload: UploadState
  readonly onProgress: (status: ImportBody) => void
}

function NewImport({ imports, upload, onProgress }: NewImportProps) {
  const { projectPath } = usePlace()
  const [chosen, setChosen] = useState<ChosenFile | null>(null)
  const [mapping, setMapping] = useState<Mapping>(foundByServer)
  const choose = useMutation({
    mutationFn: chooseFile,
    onSuccess: (next) => {
      setMapping({ ...foundByServer, separator: next.separator })
      setChosen(next)
    },
  })
  const send = async (file: ChosenFile, from: ImportBody | null): Promise<void> => {
    if (await uploads.start({ projectPath, chosen: file, mapping, resumed: from, onProgress })) setChosen(null)
  }
  const resumed =
    chosen === null
      ? undefined
      : imports.find(
          ({ state, fileName, sizeBytes }) => state === 'running' && fileName === chosen.file.name && sizeBytes === chosen.file.size,
        )
  return (
    <Section title="A file" {...(chosen === null ? {} : { note: `${chosen.file.name}, ${formatBytes(chosen.file.size)}` })}>
      <div className="bw-import-body">
        <FileDrop disabled={upload.isSending} onFile={(file) => choose.mutate(file)} />
        {choose.isError && <Failure compact error={choose.error} title="The file could not be read" />}
        {upload.isSending && <p role="status">{upload.fileName} is being sent, also while you look at other pages of Bellwether.</p>}
        {upload.error !== null && <Failure compact error={upload.error} title={`${upload.fileName} could not be sent`} />}
        {chosen !== null && !upload.isSending && resumed !== undefined && (
          <ImportButton label="Go on with it" onImport={() => void send(chosen, resumed)} />
        )}
        {chosen !== null && !upload.isSending && resumed === undefined && (
          <Suspense fallback={<Loading label="the columns" rows={3} />}>
            <FileColumns chosen={chosen} mapping={mapping} onMapping={setMapping} onImport={() => void send(chosen, null)} />
          </Suspense>
        )}
      </div>
    </Section>
  )
}
