import type { ReactNode } from 'react'
import { Page } from '../../design/page.tsx'

export function KeysPage(): ReactNode {
  return <Page title="Keys &amp; org">{null}</Page>
}
