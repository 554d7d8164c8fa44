import type { ReactNode } from 'react'
import { Page } from '../../design/page.tsx'

export function ExplorePage(): ReactNode {
  return <Page title="Explore">{null}</Page>
}
