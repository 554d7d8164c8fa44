import type { ReactNode } from 'react'
import { Page } from '../../design/page.tsx'

export function StatementPage(): ReactNode {
  return <Page title="Statement">{null}</Page>
}
