import type { ReactNode } from 'react'
import { Page } from '../../design/page.tsx'

export function GetStartedPage(): ReactNode {
  return <Page title="Get started">{null}</Page>
}
