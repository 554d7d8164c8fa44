import type { ReactNode } from 'react'
import { Page } from '../../design/page.tsx'

export function ModelsPage(): ReactNode {
  return <Page title="Models &amp; prices">{null}</Page>
}
