/** Services, operations, problems and saved views as entries of the palette. */
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useMemo } from 'react'
import { usePlace } from '../session/index.ts'
import { itemsPerGroupMax, type PaletteItem } from './palette-model.ts'
import { namedOperationsQuery, namedProblemsQuery, namedServicesQuery, namedViewsQuery } from './palette.queries.ts'

/** How long typing rests before the server is asked. */
const restMs = 150
/** Fewer letters find too much. */
const lettersMin = 2

export type PaletteAction = PaletteItem & { readonly run: () => void }

/** What has a part of `text` in its name. What the server looks for comes a moment after the last key. */
export function useNamedThings(text: string): readonly PaletteAction[] {
  const { projectPath, project } = usePlace()
  const navigate = useNavigate()
  const [rested] = useDebouncedValue(text.trim(), restMs)
  const isAsked = rested.length >= lettersMin
  const services = useQuery({ ...namedServicesQuery(projectPath), enabled: text !== '' }).data
  const views = useQuery({ ...namedViewsQuery(projectPath), enabled: text !== '' }).data
  const operations = useQuery({ ...namedOperationsQuery(projectPath, rested), enabled: isAsked }).data
  const problems = useQuery({ ...namedProblemsQuery(projectPath, rested), enabled: isAsked }).data
  return useMemo(() => {
    const params = { project: project.id }
    // The server found these by its own rule, which knows more than their labels.
    const words = rested
    const serviceItems = (services?.items ?? [])
      .filter(({ service }) => service !== '')
      .map(({ service }) => ({
        id: `service:${service}`,
        group: 'Services' as const,
        label: service,
        words: 'service',
        note: 'service',
        run: () => void navigate({ to: '/p/$project/services/$service', params: { ...params, service } }),
      }))
    const operationItems = (isAsked ? (operations?.items ?? []) : []).map(({ service, operation, kind }) => ({
      id: `operation:${service}\n${operation}\n${kind}`,
      group: 'Operations' as const,
      label: operation,
      words: `${service} ${words}`,
      note: service,
      run: () => void navigate({ to: '/p/$project/performance', params, search: { service, operation, kind } }),
    }))
    const problemItems = (isAsked ? (problems?.items ?? []) : []).slice(0, itemsPerGroupMax).map(({ id, title, service, state }) => ({
      id: `problem:${id}`,
      group: 'Problems' as const,
      label: title,
      words: `${service} ${words}`,
      note: service === '' ? state : `${service}, ${state}`,
      run: () => void navigate({ to: '/p/$project/problems/$problem', params: { ...params, problem: id } }),
    }))
    const viewItems = (views?.items ?? []).map(({ id, name, query, columns, from }) => ({
      id: `view:${id}`,
      group: 'Saved views' as const,
      label: name,
      words: query,
      note: query,
      run: () => {
        const search = {
          saved: id,
          ...(query === '' ? {} : { q: query }),
          ...(columns.length === 0 ? {} : { col: columns }),
          ...(from === null ? {} : { from, to: 'now' }),
        }
        void navigate({ to: '/p/$project/explore/logs', params, search })
      },
    }))
    return [...serviceItems, ...operationItems, ...problemItems, ...viewItems]
  }, [services, views, operations, problems, rested, isAsked, project.id, navigate])
}
