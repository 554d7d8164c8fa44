import { useId, type ReactNode } from 'react'
import { seriesToken } from './palette.ts'

/** A pattern per series, for those who tell colours apart with difficulty; the first is plain. Each repeats every 8 px. */
const marks: readonly ReactNode[] = [
  null,
  <path key="up" d="M-2 2 2-2M0 8 8 0M6 10 10 6" />,
  <circle key="dot" cx="4" cy="4" r="1" fill="white" stroke="none" />,
  <path key="down" d="M-2 6 2 10M0 0 8 8M6-2 10 2" />,
  <path key="flat" d="M0 4H8" />,
  <path key="upright" d="M4 0V8" />,
  <path key="cross" d="M4 2V6M2 4H6" />,
]
const markOf = (index: number, rest: boolean): ReactNode => (rest ? null : marks[index % marks.length])

/** Lines differ in their dashes; the first is plain. */
const dashes = [undefined, '7 3', '2 3', '9 3 2 3', '5 2 1 2 1 2', '12 4', '4 4'] as const
export const lineDash = (index: number, rest: boolean): string | undefined => (rest ? '1 3' : dashes[index % dashes.length])

/** Defines the fill of one series; `url(#id)` uses it. */
export function SeriesFill({ id, index, rest }: { readonly id: string; readonly index: number; readonly rest: boolean }): ReactNode {
  return (
    <pattern id={id} width="8" height="8" patternUnits="userSpaceOnUse">
      <rect width="8" height="8" fill={`var(${seriesToken(index, rest)})`} />
      <g stroke="white" strokeOpacity="0.28" fillOpacity="0.4" strokeWidth="1.2" fill="none">{markOf(index, rest)}</g>
    </pattern>
  )
}

/** The series' fill as a small square, for legends and tooltips. */
export function Swatch({ index, rest }: { readonly index: number; readonly rest: boolean }): ReactNode {
  const id = useId()
  return (
    <svg aria-hidden width="10" height="10" className="shrink-0">
      <defs><SeriesFill id={id} index={index} rest={rest} /></defs>
      <rect width="10" height="10" rx="3" fill={`url(#${id})`} />
    </svg>
  )
}
