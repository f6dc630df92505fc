/** Above the picture of a trace: which picture, looking for spans, failed ones, and how much is open. */
import { useState } from 'react'
import { Button, IconButton } from '../../ui/Button.tsx'
import { SearchField } from '../../ui/SearchField.tsx'
import { Segmented } from '../../ui/Segmented.tsx'
import { nextMarked } from './model/trace-rows.ts'
import { isWhole } from './model/time-window.ts'
import type { TracePicture } from './trace-search.ts'
import { plural } from './trace-words.ts'
import type { TraceView } from './use-trace-view.ts'

const pictures: readonly { readonly value: TracePicture; readonly label: string }[] = [
  { value: 'waterfall', label: 'Waterfall' },
  { value: 'flame', label: 'Flame graph' },
  { value: 'operations', label: 'Operations' },
]

export function TraceToolbar({ view }: { readonly view: TraceView }) {
  const picture = view.search.view ?? 'waterfall'
  return (
    <div className="bw-section__head bw-trace__bar">
      <Segmented
        label="Picture"
        value={picture}
        options={pictures}
        onChange={(next) => view.update({ view: next === 'waterfall' ? undefined : next })}
      />
      {picture === 'waterfall' && (
        <>
          <FindSpans view={view} />
          <ErrorSteps view={view} />
          <div className="bw-section__actions">
            <Button
              small
              variant="quiet"
              aria-pressed={view.hasPath}
              className={view.hasPath ? 'bw-trace__on' : ''}
              title="What the trace waited for: the dark line in the bars"
              onClick={() => view.update({ path: view.hasPath ? 'off' : undefined })}
            >
              Critical path
            </Button>
            {!isWhole(view.window, view.whole) && (
              <Button small icon="zoomOut" onClick={() => view.setWindow(view.whole)} title="Show all of the time (0)">
                All
              </Button>
            )}
            <IconButton small icon="up" label="Close everything ([)" onClick={view.closeAll} />
            <IconButton small icon="down" label="Open everything (])" onClick={view.openAll} />
          </div>
        </>
      )}
    </div>
  )
}

function FindSpans({ view }: { readonly view: TraceView }) {
  const [text, setText] = useState(view.search.find ?? '')
  const step = (direction: 1 | -1): void => {
    if (view.found === null) return
    const next = nextMarked(view.model.tree, view.found.marked, view.active, direction)
    if (next !== null) view.moveTo(next)
  }
  return (
    <form
      className="bw-trace__find"
      role="search"
      onKeyDown={(event) => {
        if (event.key !== 'Enter') return
        event.preventDefault()
        step(event.shiftKey ? -1 : 1)
      }}
    >
      <SearchField
        label="Find in this trace"
        value={text}
        onChange={(next) => {
          setText(next)
          view.update({ find: next === '' ? undefined : next })
        }}
      />
      {view.found !== null && (
        <>
          <span className="bw-trace__count" role="status">
            {view.found.count === 0 ? 'none' : plural(view.found.count, 'span')}
          </span>
          <IconButton small icon="up" label="Previous found (Shift Enter)" disabled={view.found.count === 0} onClick={() => step(-1)} />
          <IconButton small icon="down" label="Next found (Enter)" disabled={view.found.count === 0} onClick={() => step(1)} />
        </>
      )}
    </form>
  )
}

function ErrorSteps({ view }: { readonly view: TraceView }) {
  let count = 0
  for (const mark of view.failed) count += mark
  if (count === 0) return null
  return (
    <Button
      small
      icon="warning"
      className="bw-trace__errors"
      title="Go to the next failed span (e)"
      onClick={() => {
        const next = nextMarked(view.model.tree, view.failed, view.active, 1)
        if (next !== null) view.moveTo(next)
      }}
    >
      {plural(count, 'error')}
    </Button>
  )
}
