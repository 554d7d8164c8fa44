import type { ReactNode } from 'react'
import { Page } from '../../design/page.tsx'

export function BudgetsPage(): ReactNode {
  return <Page title="Budgets">{null}</Page>
}
