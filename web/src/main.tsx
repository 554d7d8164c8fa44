import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { Tooltip } from 'radix-ui'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { retryPassing } from './api/queries.ts'
import { router } from './router.tsx'

const cache = new QueryClient({
  defaultOptions: { queries: { retry: retryPassing, retryDelay: (failures) => 1000 * 2 ** failures, refetchOnWindowFocus: true, staleTime: 5_000 } },
})

const root = document.getElementById('root')
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={cache}>
        <Tooltip.Provider delayDuration={300} skipDelayDuration={200}>
          <RouterProvider router={router} />
        </Tooltip.Provider>
      </QueryClientProvider>
    </StrictMode>,
  )
}
