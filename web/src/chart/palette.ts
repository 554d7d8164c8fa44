/** Colours are the theme's tokens, so that a chart and its legend can never differ. */
const seriesTokens = ['--series-1', '--series-2', '--series-3', '--series-4', '--series-5', '--series-6', '--series-7', '--series-8'] as const
export const seriesMax = seriesTokens.length

/** The last place is the grey of "everything else". */
export const seriesToken = (index: number, isRest: boolean): string => (isRest ? seriesTokens[seriesMax - 1]! : seriesTokens[index % (seriesMax - 1)]!)
