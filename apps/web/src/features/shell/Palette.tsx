/** Ctrl K: go somewhere, find something by its name, switch the project, do something. */
import { Modal, useMantineColorScheme } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react'
import { useZone } from '../../lib/preferences.ts'
import { readTraceId } from '../../lib/trace-id.ts'
import { copyText } from '../../ui/CopyButton.tsx'
import { Icon } from '../../ui/Icon.tsx'
import { useMetrics } from '../metrics/index.ts'
import { useRange } from '../range/index.ts'
import { usePlace } from '../session/index.ts'
import { allPages } from './navigation.ts'
import { search, type PaletteItem } from './palette-model.ts'
import { useNamedThings, type PaletteAction as Action } from './use-named-things.ts'

function useActions(text: string): readonly Action[] {
  const place = usePlace()
  const navigate = useNavigate()
  const { setColorScheme } = useMantineColorScheme()
  const [zone, setZone] = useZone()
  const { refreshNow } = useRange()
  const metrics = useMetrics(text).items
  const things = useNamedThings(text)
  const project = place.project.id
  const traceId = readTraceId(text)
  return useMemo(() => {
    const pages = allPages.map((page): Action => ({
      id: page.to,
      group: 'Go to',
      label: page.label,
      words: page.words,
      note: `g ${page.key}`,
      run: () => void navigate({ to: page.to, params: { project } }),
    }))
    const projects = place.session.organizations.flatMap((organization) =>
      organization.projects
        .filter((each) => each.id !== project)
        .map((each): Action => ({
          id: `project:${each.id}`,
          group: 'Projects',
          label: each.name,
          words: organization.name,
          note: organization.name,
          run: () => void navigate({ to: '/p/$project', params: { project: each.id } }),
        })),
    )
    const named = (metrics ?? []).map((metric): Action => ({
      id: `metric:${metric.name}`,
      group: 'Metrics',
      label: metric.name,
      words: metric.help,
      note: metric.type,
      run: () => void navigate({ to: '/p/$project/explore/metrics', params: { project }, search: { pick: metric.name } }),
    }))
    const does: readonly (readonly [string, string, () => void])[] = [
      ['Use the light theme', 'look color', () => setColorScheme('light')],
      ['Use the dark theme', 'look color', () => setColorScheme('dark')],
      ['Follow the system theme', 'look color auto', () => setColorScheme('auto')],
      [zone === 'utc' ? 'Show times in my zone' : 'Show times in UTC', 'timezone', () => setZone(zone === 'utc' ? 'browser' : 'utc')],
      ['Refresh now', 'reload', refreshNow],
      ['Copy the link to this page', 'share address url', () => void copyText(location.href)],
    ]
    const actions = does.map(([label, words, run]): Action => ({ id: `do:${label}`, group: 'Do', label, words, note: '', run }))
    const trace: Action = {
      id: 'trace',
      group: 'Go to',
      label: 'Open the trace',
      words: text.trim().toLowerCase(),
      note: traceId?.slice(0, 8) ?? '',
      run: () => void navigate({ to: '/p/$project/explore/traces/$traceId', params: { project, traceId: traceId ?? '' } }),
    }
    const wanted = text.trim()
    const logs: Action = {
      id: 'logs',
      group: 'Do',
      label: `Search logs for “${wanted}”`,
      words: '',
      note: '',
      run: () => void navigate({ to: '/p/$project/explore/logs', params: { project }, search: { q: wanted } }),
    }
    return [...(traceId === null ? [] : [trace]), ...pages, ...projects, ...things, ...named, ...actions, ...(wanted === '' ? [] : [logs])]
  }, [text, traceId, metrics, things, navigate, place.session, project, refreshNow, setColorScheme, setZone, zone])
}

export function Palette({ onClose }: { readonly onClose: () => void }) {
  const [text, setText] = useState('')
  const actions = useActions(text)
  const [position, setPosition] = useState(0)
  const found = useMemo(() => search(text, actions), [text, actions])
  const list = useRef<HTMLDivElement>(null)
  const current = Math.min(position, found.length - 1)
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' })
  }, [current, found])
  const run = (item: PaletteItem | undefined): void => {
    const action = actions.find((candidate) => candidate.id === item?.id)
    if (action === undefined) return
    onClose()
    action.run()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown') setPosition(Math.min(current + 1, found.length - 1))
    else if (event.key === 'ArrowUp') setPosition(Math.max(current - 1, 0))
    else if (event.key === 'Enter') run(found[current])
    else return
    event.preventDefault()
  }
  return (
    <Modal.Root opened onClose={onClose} padding={0} size={600} yOffset="10vh">
      <Modal.Overlay backgroundOpacity={0.3} />
      <Modal.Content aria-label="Search and go">
        <div className="bw-palette__field">
          <Icon name="search" />
          <input
            data-autofocus
            role="combobox"
            aria-expanded="true"
            aria-controls="palette-list"
            aria-activedescendant={found[current] === undefined ? undefined : `palette-${current}`}
            aria-label="Search pages, services, problems, metrics and actions"
            placeholder="Find a page, service, operation, problem, view or metric…"
            value={text}
            onChange={(event) => {
              setText(event.currentTarget.value)
              setPosition(0)
            }}
            onKeyDown={onKeyDown}
          />
          <kbd>Esc</kbd>
        </div>
        <div className="bw-palette__list" id="palette-list" role="listbox" aria-label="Found" ref={list}>
          {found.length === 0 && <p className="bw-palette__group">Nothing found for “{text}”.</p>}
          {found.map((item, index) => (
            <div key={item.id} role="presentation">
              {item.group !== found[index - 1]?.group && (
                <div className="bw-palette__group" role="presentation">
                  {item.group}
                </div>
              )}
              <div
                id={`palette-${index}`}
                role="option"
                aria-selected={index === current}
                className="bw-palette__item"
                onMouseMove={() => setPosition(index)}
                onClick={() => run(item)}
              >
                <span className={`bw-palette__item-text bw-truncate ${item.group === 'Metrics' ? 'bw-mono' : ''}`}>{item.label}</span>
                <span className="bw-palette__note">{item.note}</span>
              </div>
            </div>
          ))}
        </div>
      </Modal.Content>
    </Modal.Root>
  )
}
