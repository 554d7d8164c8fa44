import { Activity, LayoutDashboard, type LucideIcon } from 'lucide-react'

export interface Destination {
  readonly to: '/' | '/calls'
  readonly label: string
  readonly icon: LucideIcon
  readonly shortcut: string
}

/** What the navigation and the palette list; a new page adds one line here and one route. */
export const destinations: readonly Destination[] = [
  { to: '/', label: 'Overview', icon: LayoutDashboard, shortcut: 'g o' },
  { to: '/calls', label: 'Calls', icon: Activity, shortcut: 'g c' },
]
