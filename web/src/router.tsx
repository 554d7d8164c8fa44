import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { readBudgetSearch } from './pages/budgets/budget-search.ts'
import { readCallSearch } from './pages/calls/call-search.ts'
import { readStartSearch } from './pages/get-started/start-search.ts'
import { readKeysSearch } from './pages/keys/keys-search.ts'
import { readStatementSearch } from './pages/statement/statement-search.ts'
import { readExploreSearch } from './pages/explore/explore-search.ts'
import { readModelsSearch } from './pages/models/models-search.ts'
import { BrokenPage } from './pages/broken-page.tsx'
import { NotFound } from './pages/not-found.tsx'
import { SignedIn } from './pages/signed-in.tsx'

/* One route per page, its script fetched when it is first opened; `validateSearch` reads what the address says. */

const rootRoute = createRootRoute({ component: SignedIn, notFoundComponent: NotFound })
const getParentRoute = () => rootRoute

const pages = [
  createRoute({ getParentRoute, path: '/', component: lazyRouteComponent(() => import('./pages/overview/overview-page.tsx'), 'OverviewPage') }),
  createRoute({ getParentRoute, path: '/explore', validateSearch: readExploreSearch, component: lazyRouteComponent(() => import('./pages/explore/explore-page.tsx'), 'ExplorePage') }),
  createRoute({ getParentRoute, path: '/calls', validateSearch: readCallSearch, component: lazyRouteComponent(() => import('./pages/calls/calls-page.tsx'), 'CallsPage') }),
  createRoute({ getParentRoute, path: '/budgets', validateSearch: readBudgetSearch, component: lazyRouteComponent(() => import('./pages/budgets/budgets-page.tsx'), 'BudgetsPage') }),
  createRoute({ getParentRoute, path: '/statement', validateSearch: readStatementSearch, component: lazyRouteComponent(() => import('./pages/statement/statement-page.tsx'), 'StatementPage') }),
  createRoute({ getParentRoute, path: '/models', validateSearch: readModelsSearch, component: lazyRouteComponent(() => import('./pages/models/models-page.tsx'), 'ModelsPage') }),
  createRoute({ getParentRoute, path: '/keys', validateSearch: readKeysSearch, component: lazyRouteComponent(() => import('./pages/keys/keys-page.tsx'), 'KeysPage') }),
  createRoute({ getParentRoute, path: '/get-started', validateSearch: readStartSearch, component: lazyRouteComponent(() => import('./pages/get-started/get-started-page.tsx'), 'GetStartedPage') }),
] as const

export const router = createRouter({ routeTree: rootRoute.addChildren(pages), defaultPreload: 'intent', defaultErrorComponent: BrokenPage, scrollRestoration: true })

declare module '@tanstack/react-router' {
  interface Register { router: typeof router }
}
