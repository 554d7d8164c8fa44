/*
 * Sparkline: the course of one figure in a table row. `values` are exact decimals or null, oldest first; `faint` leaves
 * the last one pale because it is not whole yet. The figures themselves are in the row and in the chart above it.
 */
import type { ReactNode } from 'react'
import { plotValue } from '../format/decimal.ts'

const [width, height] = [88, 20]

export function Sparkline({ values, faint = false }: { readonly values: readonly (string | null)[]; readonly faint?: boolean }): ReactNode {
  const plotted = values.map((value) => plotValue(value))
  const high = Math.max(0, ...plotted)
  const low = Math.min(0, ...plotted)
  if (plotted.length < 2 || high === low) return <svg aria-hidden width={width} height={height} className="inline-block"><line x1={0} x2={width} y1={height - 2} y2={height - 2} stroke="var(--line-strong)" /></svg>
  const x = (index: number): string => ((index / (plotted.length - 1)) * (width - 4) + 2).toFixed(1)
  const y = (value: number): string => (2 + ((high - value) / (high - low)) * (height - 4)).toFixed(1)
  const points = plotted.map((value, index) => `${x(index)} ${y(value)}`)
  const whole = faint ? points.slice(0, -1) : points
  return (
    <svg aria-hidden width={width} height={height} className="inline-block">
      <path d={`M${x(0)} ${y(0)}L${points.join('L')}L${x(plotted.length - 1)} ${y(0)}Z`} fill="var(--accent)" opacity={0.1} />
      <path d={`M${whole.join('L')}`} fill="none" stroke="var(--accent)" strokeWidth={1.5} strokeLinejoin="round" strokeLinecap="round" />
      {faint && <path d={`M${points.slice(-2).join('L')}`} fill="none" stroke="var(--accent)" strokeWidth={1.5} strokeDasharray="1.5 2.5" strokeLinecap="round" />}
    </svg>
  )
}
