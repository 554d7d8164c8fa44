import { Activity, ChartNoAxesCombined, KeyRound, LayoutDashboard, ReceiptText, Rocket, Tags, Wallet, type LucideIcon } from 'lucide-react'

export interface Destination {
  readonly to: '/' | '/explore' | '/calls' | '/budgets' | '/statement' | '/models' | '/keys' | '/get-started'
  readonly label: string
  readonly icon: LucideIcon
  /** The letter after `g`. */
  readonly letter: string
  /** What belongs together stands together: looking, deciding, setting up. */
  readonly group: 'look' | 'decide' | 'set up'
  /** On the bar at the foot of a phone; the others are behind "More". */
  readonly atFoot: boolean
}

/** What the navigation, the palette and the shortcuts know; a new page adds one line here and one route. */
export const destinations: readonly Destination[] = [
  { to: '/', label: 'Overview', icon: LayoutDashboard, letter: 'o', group: 'look', atFoot: true },
  { to: '/explore', label: 'Explore', icon: ChartNoAxesCombined, letter: 'e', group: 'look', atFoot: true },
  { to: '/calls', label: 'Calls', icon: Activity, letter: 'c', group: 'look', atFoot: true },
  { to: '/budgets', label: 'Budgets', icon: Wallet, letter: 'b', group: 'decide', atFoot: true },
  { to: '/statement', label: 'Statement', icon: ReceiptText, letter: 's', group: 'decide', atFoot: false },
  { to: '/models', label: 'Models & prices', icon: Tags, letter: 'm', group: 'set up', atFoot: false },
  { to: '/keys', label: 'Keys & org', icon: KeyRound, letter: 'k', group: 'set up', atFoot: false },
  { to: '/get-started', label: 'Get started', icon: Rocket, letter: 'g', group: 'set up', atFoot: false },
]
