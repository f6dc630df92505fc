/** The metrics explorer: find a metric, ask, see. */
import { lazy, Suspense, useEffect, useMemo } from 'react'
import { Button } from '../../ui/Button.tsx'
import { Page } from '../../ui/Page.tsx'
import { suggestQuery, writeQuery } from './builder-model.ts'
import { ExploreResult } from './ExploreResult.tsx'
import { queriesMax } from './explore-search.ts'
import { MetricsBrowser } from './MetricsBrowser.tsx'
import { QueryRow } from './QueryRow.tsx'
import { useAnswers } from './use-answers.ts'
import { useExplore } from './use-explore.ts'
import { useMetrics } from './use-metrics.ts'
import './explore.css'

const MetricDrawer = lazy(async () => ({ default: (await import('./MetricDrawer.tsx')).MetricDrawer }))

export function ExplorePage() {
  const state = useExplore()
  const { items: listed } = useMetrics('')
  const items = useMemo(() => listed ?? [], [listed])
  const answers = useAnswers(state.queries, state.isOff)
  const { pick } = state.search
  const { update } = state
  const chart = (name: string): void => {
    const type = items.find((metric) => metric.name === name)?.type ?? 'unknown'
    const text = writeQuery(suggestQuery({ name, type }))
    const queries = state.queries.filter((query) => query !== '')
    update({ q: queries.length < queriesMax ? [...queries, text] : [text], metric: undefined, pick: undefined })
  }
  const ready = listed !== undefined
  useEffect(() => {
    // From the palette or a link that only names a metric: the usual query for its type, in place of this step.
    if (pick === undefined || !ready) return
    const type = items.find((metric) => metric.name === pick)?.type ?? 'unknown'
    update(
      {
        q: [writeQuery(suggestQuery({ name: pick, type }))],
        pick: undefined,
        metric: undefined,
        only: undefined,
        hide: undefined,
        off: undefined,
      },
      true,
    )
  }, [pick, ready, items, update])
  const isEmpty = state.queries.every((query) => query === '')
  return (
    <Page title="Metrics" wide>
      <div className="bw-queries">
        {state.queries.map((_query, index) => (
          <QueryRow
            key={index}
            index={index}
            state={state}
            metrics={items}
            sent={answers.sent[index] ?? ''}
            grid={answers.grid}
            error={answers.errors[index]}
            onRetry={() => answers.retry(index)}
          />
        ))}
        {!isEmpty && (
          <div>
            <Button small variant="quiet" icon="plus" disabled={state.queries.length >= queriesMax} onClick={() => state.addQuery('')}>
              Add query
            </Button>
          </div>
        )}
      </div>
      {isEmpty ? (
        <MetricsBrowser onOpen={(name) => update({ metric: name })} openName={state.search.metric ?? null} />
      ) : (
        <ExploreResult state={state} answers={answers} metrics={items} />
      )}
      {state.search.metric !== undefined && (
        <Suspense fallback={null}>
          <MetricDrawer name={state.search.metric} onClose={() => update({ metric: undefined })} onChart={chart} />
        </Suspense>
      )}
    </Page>
  )
}
