/** What is seen of a trace and what can be done with it; the part that a link should carry stands in the address. */
import { getRouteApi } from '@tanstack/react-router'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { styleSeries } from '../../theme/series-colors.ts'
import { useScheme } from '../../charts/chart-colors.ts'
import { readClosed, writeClosed } from './model/closed-spans.ts'
import { failedSpans, findSpans } from './model/find-spans.ts'
import { nameOf, serviceOf, statusError } from './model/span-columns.ts'
import { isWhole, readWindow, writeWindow, type TimeWindow } from './model/time-window.ts'
import type { TraceModel } from './model/trace-model.ts'
import { closedBelow, opened, shownRows, toggled } from './model/trace-rows.ts'
import { isMissing } from './model/trace-tree.ts'
import { readTraceSearch, type TraceSearch } from './trace-search.ts'
import { formatNs } from './trace-words.ts'

/** How long moving must rest before the address follows: browsers refuse to be told a hundred addresses a second. */
const addressRestMs = 250

const route = getRouteApi('/p/$project/explore/traces/$traceId')

export interface TraceView {
  readonly model: TraceModel
  /** Nodes shown, from top to bottom. */
  readonly rows: Int32Array
  /** By node: 1 where the subtree is closed. */
  readonly closed: Uint8Array
  /** The node of the keyboard. */
  readonly active: number | null
  /** The node whose panel is open. */
  readonly open: number | null
  readonly window: TimeWindow
  readonly whole: TimeWindow
  /** Null when nothing is looked for. */
  readonly found: { readonly marked: Uint8Array; readonly count: number } | null
  readonly failed: Uint8Array
  readonly hasPath: boolean
  readonly search: TraceSearch
  readonly nameOf: (node: number) => string
  readonly serviceOf: (node: number) => string
  readonly colorOf: (node: number) => string
  /** A sentence for those who do not see the row. */
  readonly describe: (node: number, isFolded: boolean) => string
  /** Makes a node the active one and shows it; its panel follows when one is open. */
  readonly moveTo: (node: number) => void
  readonly openSpan: (node: number) => void
  readonly closeSpan: () => void
  readonly toggle: (node: number) => void
  readonly openAll: () => void
  readonly closeAll: () => void
  readonly setWindow: (window: TimeWindow) => void
  readonly update: (change: Partial<Record<keyof TraceSearch, string | undefined>>) => void
}

/** Sentences about nodes. */
function describer(model: TraceModel): TraceView['describe'] {
  const { tree } = model
  return (node, isFolded) => {
    if (isMissing(tree, node)) return `missing span ${tree.missingIds[node - tree.spans.count] ?? ''}`
    const run = tree.runLength[node] ?? 0
    const times = run > 0 && isFolded ? `${run} times ` : ''
    const failed = tree.spans.status[node] === statusError ? ', failed' : ''
    const start = formatNs((tree.startNs[node] ?? 0) - tree.fromNs)
    return `${times}${serviceOf(tree.spans, node)}: ${nameOf(tree.spans, node)}, ${formatNs(tree.spans.durationNs[node] ?? 0)}, after ${start}${failed}`
  }
}

interface AddressDeps {
  readonly write: (change: TraceSearch) => void
  readonly adopt: () => void
}

/** The part of the address that follows what is done with the picture. */
function addressKey({ span, zoom, fold }: TraceSearch): string {
  return `${span} ${zoom} ${fold}`
}

/** Follows the address when it changes from outside, and has the address follow when moving rests. */
function useAddress(search: TraceSearch, shown: TraceSearch, { write, adopt }: AddressDeps): void {
  const told = useRef(addressKey(search))
  const asked = addressKey(search)
  useEffect(() => {
    const key = asked
    if (key === told.current) return
    told.current = key
    adopt()
    // Only a change of the address itself matters.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [asked])
  const key = addressKey(shown)
  useEffect(() => {
    if (key === told.current) return undefined
    const timer = window.setTimeout(() => {
      told.current = key
      write(shown)
    }, addressRestMs)
    return () => window.clearTimeout(timer)
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [key])
}

type SpanState = Pick<
  TraceView,
  'rows' | 'closed' | 'active' | 'open' | 'window' | 'moveTo' | 'openSpan' | 'closeSpan' | 'toggle' | 'openAll' | 'closeAll' | 'setWindow'
>

/** What is open, chosen and zoomed to. */
function useSpanState({ tree }: TraceModel, whole: TimeWindow, { search, update }: Pick<TraceView, 'search' | 'update'>): SpanState {
  const { ids } = tree.spans
  const nodeOf = (id: string | undefined): number | null => {
    const node = id === undefined ? -1 : ids.indexOf(id)
    return node === -1 ? null : node
  }
  const [closed, setClosed] = useState<Uint8Array>(() => {
    const node = nodeOf(search.span)
    const folded = readClosed(tree, search.fold)
    return node === null ? folded : opened(tree, folded, node)
  })
  const [open, setOpen] = useState(() => nodeOf(search.span))
  const [active, setActive] = useState(() => nodeOf(search.span) ?? tree.order[0] ?? null)
  const [window, setWindow] = useState<TimeWindow>(() => readWindow(search.zoom, whole) ?? whole)
  const spanInAddress = open === null ? undefined : ids[open]
  const fold = useMemo(() => writeClosed(tree, closed), [tree, closed])
  const shown: TraceSearch = {
    ...(fold === undefined ? {} : { fold }),
    ...(spanInAddress === undefined ? {} : { span: spanInAddress }),
    ...(isWhole(window, whole) ? {} : { zoom: writeWindow(window) }),
  }
  useAddress(search, shown, {
    write: (change) => update({ span: change.span, zoom: change.zoom, fold: change.fold }),
    adopt: () => {
      const node = nodeOf(search.span)
      setOpen(node)
      if (node !== null) setActive(node)
      const asked = readClosed(tree, search.fold)
      setClosed(node === null ? asked : opened(tree, asked, node))
      setWindow(readWindow(search.zoom, whole) ?? whole)
    },
  })
  const show = (node: number): void => {
    setActive(node)
    setClosed((known) => opened(tree, known, node))
  }
  return {
    rows: useMemo(() => shownRows(tree, closed), [tree, closed]),
    closed,
    active,
    open,
    window,
    moveTo: (node) => {
      show(node)
      if (open !== null && !isMissing(tree, node)) setOpen(node)
    },
    openSpan: (node) => {
      show(node)
      if (!isMissing(tree, node)) setOpen(node)
    },
    closeSpan: () => setOpen(null),
    toggle: (node) => setClosed((known) => toggled(known, node)),
    openAll: () => setClosed(new Uint8Array(tree.nodeCount)),
    closeAll: () => {
      setClosed(closedBelow(tree, 1))
      setActive((node) => rootOf(tree.parent, node))
    },
    setWindow,
  }
}

export function useTraceView(model: TraceModel): TraceView {
  const search = route.useSearch()
  const navigate = route.useNavigate()
  const scheme = useScheme()
  const { tree } = model
  const { spans } = tree
  const whole = useMemo(() => ({ fromNs: tree.fromNs, toNs: tree.toNs }), [tree])
  const update = useCallback<TraceView['update']>(
    (change) => void navigate({ search: (current) => readTraceSearch({ ...current, ...change }), replace: true }),
    [navigate],
  )
  const state = useSpanState(model, whole, { search, update })
  const failed = useMemo(() => failedSpans(tree), [tree])
  const find = search.find ?? ''
  const found = useMemo(() => (find.trim() === '' ? null : findSpans(tree, find)), [tree, find])
  const colors = useMemo(() => {
    const styles = styleSeries(spans.services, scheme)
    return spans.services.map((service) => styles.get(service)?.color ?? '')
  }, [spans.services, scheme])
  const describe = useMemo(() => describer(model), [model])
  return {
    ...state,
    model,
    whole,
    found,
    failed,
    hasPath: search.path !== 'off',
    search,
    nameOf: (node) => nameOf(spans, node),
    serviceOf: (node) => serviceOf(spans, node),
    colorOf: (node) => colors[spans.service[node] ?? 0] ?? '',
    describe,
    update,
  }
}

/** The topmost node above, so that closing everything leaves the active row in sight. */
function rootOf(parent: Int32Array, node: number | null): number | null {
  if (node === null) return null
  let root = node
  for (let up = parent[root] ?? -1; up !== -1; up = parent[root] ?? -1) root = up
  return root
}
