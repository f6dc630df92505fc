import type { LogsFacets } from '@bellwether/protocol'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { cleanup, render, screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { afterEach, expect, it } from 'vitest'
import { RangeProvider } from '../range/index.ts'
import { PlaceProvider } from '../session/index.ts'
import { FacetColumn } from './FacetColumn.tsx'
import { recordedState, type RecordedState } from './testing/state.ts'

afterEach(cleanup)

const facets: LogsFacets = {
  items: [
    {
      field: 'service',
      kind: 'field',
      values: [
        { value: 'checkout', count: 900 },
        { value: 'cart', count: 100 },
      ],
      rows: 1000,
      isCut: false,
    },
    { field: '@a', kind: 'attribute', values: [{ value: '1', count: 5 }], rows: 5, isCut: false },
    { field: '@b', kind: 'attribute', values: [{ value: 'two', count: 5 }], rows: 5, isCut: false },
    { field: '@http.route', kind: 'attribute', values: [{ value: '/pay', count: 7 }], rows: 7, isCut: true },
    { field: '"@user name"', kind: 'attribute', values: [{ value: 'u 3', count: 2 }], rows: 2, isCut: false },
  ],
  from: '2026-11-21T09:00:00Z',
  to: '2026-11-21T10:00:00Z',
  rows: 1000,
  basis: 'sample',
  sampled: 1000,
}

const project = { id: '1', slug: 'default', name: 'default' }
const organization = { id: '1', slug: 'default', name: 'default', role: 'owner' as const, permissions: [], projects: [project] }
const caller = { kind: 'user' as const, id: '1', name: 'Ada', email: 'ada@example.org' }
const session = { caller, passwordIsSet: true, organizations: [organization] }

function show(state: RecordedState): void {
  render(
    <QueryClientProvider client={new QueryClient()}>
      <PlaceProvider place={{ organization, project }} session={session}>
        <RangeProvider from="now-1h" to="now" refresh={undefined} onChange={() => undefined}>
          <FacetColumn facets={facets} state={state} />
        </RangeProvider>
      </PlaceProvider>
    </QueryClientProvider>,
  )
}

it('asks for a value with one press, and no more with another', async () => {
  const state = recordedState({ q: 'service:cart' })
  show(state)
  const service = within(screen.getByRole('region', { name: 'service' }))
  expect(service.getByRole('button', { name: /^cart/ }).getAttribute('aria-pressed')).toBe('true')
  await userEvent.click(service.getByRole('button', { name: /^checkout/ }))
  await userEvent.click(service.getByRole('button', { name: /^cart/ }))
  await userEvent.click(service.getByRole('button', { name: 'Leave out service checkout' }))
  expect(state.calls).toEqual([
    'addFilter {"field":"service","value":"checkout","exclude":false}',
    'removeFilter "service" "cart"',
    'addFilter {"field":"service","value":"checkout","exclude":true}',
  ])
})

it('shows what is left out, to bring it back', async () => {
  const state = recordedState({ q: '-service:gateway' })
  show(state)
  await userEvent.click(screen.getByRole('button', { name: /gateway.*left out/ }))
  expect(state.calls).toEqual(['removeFilter "service" "gateway"'])
})

it('opens an attribute when asked, and finds a field by one of its values', async () => {
  show(recordedState())
  const route = within(screen.getByRole('region', { name: 'http.route' }))
  expect(route.queryByRole('button', { name: /pay/ })).toBeNull()
  await userEvent.click(route.getByRole('button', { name: 'http.route' }))
  expect(route.getByRole('button', { name: /^\/pay/ })).toBeTruthy()
  await userEvent.type(screen.getByRole('searchbox', { name: 'Find a field or value' }), 'chec')
  expect(screen.getAllByRole('region').map((each) => each.getAttribute('aria-label'))).toEqual(['service'])
})

it('reads a name that the search language quotes', async () => {
  const state = recordedState()
  show(state)
  const user = within(screen.getByRole('region', { name: 'user name' }))
  await userEvent.click(user.getByRole('button', { name: 'user name' }))
  await userEvent.click(user.getByRole('button', { name: /^u 3/ }))
  expect(state.calls).toEqual(['addFilter {"field":"@user name","value":"u 3","exclude":false}'])
})

it('says among how many rows it counted', () => {
  show(recordedState())
  expect(screen.getByText(/^Counted among the newest 1,000 of the .+ rows found\.$/)).toBeTruthy()
})
