/** Providers around the router, from the outside in: look, server state, address. */
import { MantineProvider, localStorageColorSchemeManager } from '@mantine/core'
import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { ApiError } from './lib/http.ts'
import { createAppRouter } from './router.tsx'
import { resolveCssVariables, theme } from './theme/theme.ts'
import { sessionQuery } from './features/session/index.ts'

const colorSchemes = localStorageColorSchemeManager({ key: 'bellwether-color-scheme' })

/** Times a read is repeated when the server cannot be reached or is starting. */
const retriesMax = 2

const client: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    // A session that ended while working: the router then leads to the sign-in and back.
    onError: (error) => {
      if (!(error instanceof ApiError) || error.status !== 401) return
      client.setQueryData(sessionQuery.queryKey, null)
      void router.invalidate()
    },
  }),
  defaultOptions: {
    queries: {
      retry: (failures, error) => error instanceof ApiError && (error.status === 0 || error.status === 503) && failures < retriesMax,
      retryDelay: (attempt) => Math.min(4000, 500 * 2 ** attempt),
      refetchOnWindowFocus: false,
      staleTime: 5000,
    },
  },
})

const router = createAppRouter(client)

export function App() {
  return (
    <MantineProvider theme={theme} cssVariablesResolver={resolveCssVariables} colorSchemeManager={colorSchemes} defaultColorScheme="auto">
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  )
}
