import { compareDecimals, decimalOrZero, ratioOf, subtractDecimals } from '../../format/decimal.ts'
import type { PacedBudget, PacedWindow } from './budget-queries.ts'

/**
 * How a window stands, worst first: exceeded (used up, or past the limit) · leaving (on the way past it before the reset) ·
 * close (80 % used) · calm.
 */
export type Standing = 'exceeded' | 'leaving' | 'close' | 'calm'
export const thresholds = [0.5, 0.8, 1] as const
const closeFrom = 0.8

/** The instant the limit is reached at the faster of what is known: the mean so far, and the last day. Null = not before the reset. */
export function exhaustionOf({ pace }: Pick<PacedWindow, 'pace'>): { readonly atMs: number; readonly by: 'average' | 'lastDay' } | null {
  const average = pace?.atAverage?.exhaustedAtMs ?? null
  const lastDay = pace?.atLastDay.exhaustedAtMs ?? null
  if (average !== null) return { atMs: average, by: 'average' }
  return lastDay === null ? null : { atMs: lastDay, by: 'lastDay' }
}

export function standingOf(window: PacedWindow): Standing {
  if (compareDecimals(window.committed, window.limit) >= 0) return 'exceeded'
  if (exhaustionOf(window) !== null) return 'leaving'
  return (window.usedRatio ?? 0) >= closeFrom ? 'close' : 'calm'
}

/** Share of the limit at the window's end, at the mean so far; null while it says nothing. */
export const landingRatio = (window: PacedWindow): number | null => (window.pace?.atAverage ? ratioOf(window.pace.atAverage.landing, window.limit) : null)

const weights: Readonly<Record<Standing, number>> = { exceeded: 3, leaving: 2, close: 1, calm: 0 }

/** Ascending risk: the worse standing, then the larger share used or headed for. */
export function compareRisk(a: PacedWindow, b: PacedWindow): number {
  return weights[standingOf(a)] - weights[standingOf(b)] || shareOf(a) - shareOf(b)
}
const shareOf = (window: PacedWindow): number => Math.max(window.usedRatio ?? (decimalOrZero(window.committed) > 0n ? 1 : 0), standingOf(window) === 'exceeded' ? 0 : landingRatio(window) ?? 0)

/** The window that says most about a budget: the riskiest of those it has now. */
export function worstWindow(budget: Pick<PacedBudget, 'windows'>): PacedWindow | null {
  return budget.windows.reduce<PacedWindow | null>((worst, window) => (worst === null || compareRisk(window, worst) > 0 ? window : worst), null)
}

/** By how much the limit is passed; null where it is not. */
export function excessOf(window: PacedWindow): string | null {
  const excess = subtractDecimals(window.committed, window.limit)
  return decimalOrZero(excess) > 0n ? excess : null
}

/** Thresholds that use has passed, highest last. */
export const passedThresholds = (window: PacedWindow): readonly number[] =>
  thresholds.filter((threshold) => (window.usedRatio ?? (decimalOrZero(window.committed) > 0n ? 1 : 0)) >= threshold)

export interface StandingCounts { readonly exceeded: number; readonly leaving: number; readonly close: number; readonly calm: number }
export function countStandings(budgets: readonly PacedBudget[]): StandingCounts {
  const counts = { exceeded: 0, leaving: 0, close: 0, calm: 0 }
  for (const budget of budgets) {
    const worst = worstWindow(budget)
    counts[worst === null ? 'calm' : standingOf(worst)] += 1
  }
  return counts
}
