import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { cleanup, render, screen } from '@testing-library/react'
import { afterEach, expect, it } from 'vitest'
import { PlaceProvider } from '../session/index.ts'
import { unknownNamesQuery } from './search.queries.ts'
import { useUnknownNames } from './use-unknown-names.ts'

afterEach(cleanup)

const project = { id: '1', slug: 'default', name: 'default' }
const organization = { id: '1', slug: 'default', name: 'default', role: 'owner' as const, permissions: [], projects: [project] }
const caller = { kind: 'user' as const, id: '1', name: 'Ada', email: 'ada@example.org' }
const session = { caller, passwordIsSet: true, organizations: [organization] }
const range = { from: 'now-1h', to: 'now' }
const text = 'servcie:a'

function Names({ isNothing }: { readonly isNothing: boolean }) {
  const names = useUnknownNames('logs', { text, range, isNothing })
  return <p>{names === undefined ? 'nothing said' : names.map(({ name }) => name).join()}</p>
}

it('says which names nothing has only of a search that found nothing', () => {
  const client = new QueryClient()
  client.setQueryData(unknownNamesQuery('/api/0/projects/1', 'logs', { text, ...range }).queryKey, [
    { name: 'servcie', from: 0, to: 7, meant: [] },
  ])
  const shown = (isNothing: boolean) => (
    <QueryClientProvider client={client}>
      <PlaceProvider place={{ organization, project }} session={session}>
        <Names isNothing={isNothing} />
      </PlaceProvider>
    </QueryClientProvider>
  )
  const { rerender } = render(shown(true))
  expect(screen.getByText('servcie')).toBeTruthy()
  rerender(shown(false))
  expect(screen.getByText('nothing said')).toBeTruthy()
})
