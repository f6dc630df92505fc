/** Searches with a name: open one, keep this one, put one right, throw one away (and take that back). */
import type { SavedView, SavedViewInput } from '@bellwether/protocol'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { Button, IconButton } from '../../ui/Button.tsx'
import { Dropdown } from '../../ui/Dropdown.tsx'
import { Failure, Loading } from '../../ui/states.tsx'
import { useRange } from '../range/index.ts'
import { may, usePlace } from '../session/index.ts'
import { createSavedView, deleteSavedView, replaceSavedView, savedViewsQuery } from './log-analysis.queries.ts'
import type { LogsState } from './use-logs.ts'
import './saved-views.css'

const nameMax = 100

function inputOf(view: SavedViewInput): SavedViewInput {
  const { name, signal, query, from, columns, isShared } = view
  return { name, signal, query, from, columns, isShared }
}

/** Is the search still the one that was saved? */
function isAsSaved(view: SavedView, { query, search }: LogsState): boolean {
  return view.query === query && view.columns.join('\n') === (search.col ?? []).join('\n')
}

function nameOf(view: SavedView | undefined, state: LogsState): string {
  if (view === undefined) return 'Saved views'
  return isAsSaved(view, state) ? view.name : `${view.name}, changed`
}

export function SavedViews({ state }: { readonly state: LogsState }) {
  const { projectPath } = usePlace()
  const [isOpen, setOpen] = useState(false)
  const views = useQuery({ ...savedViewsQuery(projectPath), enabled: isOpen || state.search.saved !== undefined })
  const current = views.data?.items.find(({ id }) => id === state.search.saved)
  return (
    <Dropdown
      kind="dialog"
      label="Saved views"
      isOpen={isOpen}
      onOpenChange={setOpen}
      trigger={(props) => (
        <button type="button" className="bw-btn" {...props}>
          <span className="bw-truncate">{nameOf(current, state)}</span>
        </button>
      )}
    >
      <div className="bw-saved">
        {views.isPending && <Loading label="saved views" rows={3} />}
        {views.isError && (
          <Failure compact error={views.error} title="Saved views could not be read" onRetry={() => void views.refetch()} />
        )}
        {views.data !== undefined && <ViewList views={views.data.items} state={state} current={current} onClose={() => setOpen(false)} />}
      </div>
    </Dropdown>
  )
}

interface ViewListProps {
  readonly views: readonly SavedView[]
  readonly state: LogsState
  readonly current: SavedView | undefined
  readonly onClose: () => void
}

function ViewList({ views, state, current, onClose }: ViewListProps) {
  const { projectPath, organization } = usePlace()
  const { range } = useRange()
  const client = useQueryClient()
  const [gone, setGone] = useState<SavedView | null>(null)
  const refresh = (): Promise<void> => client.invalidateQueries({ queryKey: ['saved-views', projectPath] })
  const here = {
    signal: 'logs' as const,
    query: state.query,
    columns: [...(state.search.col ?? [])],
    from: range.to === 'now' ? range.from : null,
  }
  const remove = useMutation({
    mutationFn: (view: SavedView) => deleteSavedView(projectPath, view.id),
    onSuccess: async (_done, view) => {
      setGone(view)
      if (state.search.saved === view.id) state.update({ saved: undefined }, true)
      await refresh()
    },
  })
  const create = useMutation({
    mutationFn: (input: SavedViewInput) => createSavedView(projectPath, input),
    onSuccess: async (view) => {
      setGone(null)
      await refresh()
      state.update({ saved: view.id }, true)
    },
  })
  const replace = useMutation({
    mutationFn: (view: SavedView) => replaceSavedView(projectPath, view.id, { ...inputOf(view), ...here }),
    onSuccess: refresh,
  })
  const open = (view: SavedView): void => {
    onClose()
    state.update({
      q: view.query === '' ? undefined : view.query,
      col: view.columns.length === 0 ? undefined : view.columns,
      saved: view.id,
      open: undefined,
      view: undefined,
      ...(view.from === null ? {} : { range: { from: view.from, to: 'now' } }),
    })
  }
  const mayChange = may(organization, 'write')
  const failed = remove.error ?? create.error ?? replace.error
  return (
    <>
      {views.length === 0 && gone === null && (
        <p className="bw-dim">No view yet: a search with its columns and range, under a name, for everyone here.</p>
      )}
      <ul className="bw-saved__list" aria-label="Views">
        {views.map((view) => (
          <li key={view.id}>
            <button type="button" className="bw-saved__open" aria-current={view.id === current?.id || undefined} onClick={() => open(view)}>
              <span className="bw-truncate">{view.name}</span>
              <code className="bw-truncate bw-dim">{view.query === '' ? 'everything' : view.query}</code>
            </button>
            {!view.isShared && <span className="bw-dim">only you</span>}
            {view.isMine && <IconButton small icon="trash" label={`Delete ${view.name}`} onClick={() => remove.mutate(view)} />}
          </li>
        ))}
        {gone !== null && (
          <li className="bw-saved__gone" role="status">
            <span className="bw-truncate">“{gone.name}” is deleted.</span>
            <Button small busy={create.isPending} onClick={() => create.mutate(inputOf(gone))}>
              Undo
            </Button>
          </li>
        )}
      </ul>
      {failed !== null && <Failure compact error={failed} title="This did not work" />}
      {mayChange && current?.isMine === true && !isAsSaved(current, state) && (
        <Button small busy={replace.isPending} onClick={() => replace.mutate(current)}>
          {`Put this search into “${current.name}”`}
        </Button>
      )}
      {mayChange && <SaveForm isBusy={create.isPending} onSave={(name, isShared) => create.mutate({ ...here, name, isShared })} />}
    </>
  )
}

function SaveForm({ isBusy, onSave }: { readonly isBusy: boolean; readonly onSave: (name: string, isShared: boolean) => void }) {
  const [name, setName] = useState('')
  const [isShared, setShared] = useState(true)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (name.trim() === '' || isBusy) return
    onSave(name.trim(), isShared)
    setName('')
  }
  return (
    <form className="bw-saved__form" onSubmit={submit}>
      <label>
        Keep this search as
        <input
          autoFocus
          value={name}
          maxLength={nameMax}
          onChange={(event) => setName(event.currentTarget.value)}
          autoComplete="off"
          placeholder="Failed payments"
        />
      </label>
      <label className="bw-logs-check">
        <input type="checkbox" checked={isShared} onChange={(event) => setShared(event.currentTarget.checked)} /> Everyone in the project
        sees it
      </label>
      <Button small variant="primary" type="submit" busy={isBusy} disabled={name.trim() === ''}>
        Save
      </Button>
    </form>
  )
}
