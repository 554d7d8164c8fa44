import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { readCallSearch } from './pages/calls/call-search.ts'
import { BrokenPage } from './pages/broken-page.tsx'
import { NotFound } from './pages/not-found.tsx'
import { SignedIn } from './pages/signed-in.tsx'

const rootRoute = createRootRoute({ component: SignedIn, notFoundComponent: NotFound })

const overviewRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  component: lazyRouteComponent(() => import('./pages/overview/overview-page.tsx'), 'OverviewPage'),
})

const callsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/calls',
  validateSearch: readCallSearch,
  component: lazyRouteComponent(() => import('./pages/calls/calls-page.tsx'), 'CallsPage'),
})

export const router = createRouter({ routeTree: rootRoute.addChildren([overviewRoute, callsRoute]), defaultPreload: 'intent', defaultErrorComponent: BrokenPage, scrollRestoration: true })

declare module '@tanstack/react-router' {
  interface Register { router: typeof router }
}
