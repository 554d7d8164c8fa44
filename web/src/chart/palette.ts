/** Colours are read from the theme's tokens, so that a chart and its legend can never differ. */
export const seriesTokens = ['--series-1', '--series-2', '--series-3', '--series-4', '--series-5', '--series-6', '--series-7', '--series-8'] as const
export const seriesMax = seriesTokens.length

export const tokenValue = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim()

/** The last place is the grey of "everything else". */
export const seriesToken = (index: number, isRest: boolean): string => (isRest ? seriesTokens[seriesMax - 1]! : seriesTokens[index % (seriesMax - 1)]!)

type Decal = { readonly symbol?: string; readonly dashArrayX: number | number[] | (number | number[])[]; readonly dashArrayY: number | number[]; readonly rotation?: number; readonly symbolSize?: number }
/** A pattern per series, for those who tell colours apart with difficulty; the first is plain. */
export const decals: readonly Decal[] = [
  { symbol: 'none', dashArrayX: [1, 0], dashArrayY: [1, 0] },
  { dashArrayX: [1, 0], dashArrayY: [2, 5], rotation: -Math.PI / 4 },
  { symbol: 'circle', symbolSize: 0.7, dashArrayX: [[6, 6], [0, 6, 6, 0]], dashArrayY: [6, 0] },
  { dashArrayX: [1, 0], dashArrayY: [2, 5], rotation: Math.PI / 4 },
  { dashArrayX: [1, 0], dashArrayY: [3, 3] },
  { dashArrayX: [2, 4], dashArrayY: [1, 0] },
  { symbol: 'rect', symbolSize: 0.6, dashArrayX: [[5, 5], [0, 5, 5, 0]], dashArrayY: [5, 0] },
  { dashArrayX: [1, 0], dashArrayY: [1, 7], rotation: -Math.PI / 4 },
]
