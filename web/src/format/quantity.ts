const minus = '−'
const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
const narrowSpace = ' '

/** Every digit: "1,240,113". */
export const exactCount = (count: number): string => (count < 0 ? `${minus}${grouped.format(-count)}` : grouped.format(count))

const scales = [
  { from: 1e12, suffix: 'T' }, { from: 1e9, suffix: 'B' }, { from: 1e6, suffix: 'M' }, { from: 1e4, suffix: 'k', per: 1e3 },
] as const

/** Three significant digits from ten thousand up: "9,870", "12.3 k", "1.24 M". */
export function formatCount(count: number): string {
  const magnitude = Math.abs(count)
  for (const [index, scale] of scales.entries()) {
    if (magnitude < scale.from) continue
    const scaled = threeDigits(magnitude / ('per' in scale ? scale.per : scale.from))
    // 999,950 rounds to "1000 k", which is "1.00 M".
    const above = scales[index - 1]
    const text = scaled === '1000' && above !== undefined ? `1.00${narrowSpace}${above.suffix}` : `${scaled}${narrowSpace}${scale.suffix}`
    return count < 0 ? `${minus}${text}` : text
  }
  return exactCount(count)
}

const threeDigits = (value: number): string => (value >= 99.95 ? value.toFixed(0) : value >= 9.995 ? value.toFixed(1) : value.toFixed(2))

/** "842 ms", "1.84 s", "2 m 05 s", "3 h 20 m". */
export function formatDuration(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)}${narrowSpace}ms`
  if (ms < 59_995) return `${threeDigits(ms / 1000)}${narrowSpace}s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)}${narrowSpace}m ${String(seconds % 60).padStart(2, '0')}${narrowSpace}s`
  const minutes = Math.round(ms / 60_000)
  if (minutes < 2880) return `${Math.floor(minutes / 60)}${narrowSpace}h ${String(minutes % 60).padStart(2, '0')}${narrowSpace}m`
  return `${Math.floor(minutes / 1440)}${narrowSpace}d ${Math.floor((minutes % 1440) / 60)}${narrowSpace}h`
}

/** A ratio as a share: never "0 %" for something, never "100 %" for less than all. */
export function formatShare(ratio: number): string {
  if (ratio < 0) return `${minus}${formatShare(-ratio)}`
  if (ratio === 0) return '0%'
  if (ratio < 0.001) return '<0.1%'
  if (ratio < 1 && ratio >= 0.9995) return '>99.9%'
  const percent = ratio * 100
  return `${percent >= 99.95 ? percent.toFixed(0) : percent.toFixed(1)}%`
}

/** A relative change with its sign; null (nothing before) reads "new". */
export function formatChange(ratio: number | null): string {
  if (ratio === null) return 'new'
  if (Math.abs(ratio) < 0.0005) return '±0.0%'
  const percent = Math.abs(ratio) * 100
  const text = percent >= 1000 ? `×${(ratio + 1).toFixed(1)}` : `${percent >= 100 ? percent.toFixed(0) : percent.toFixed(1)}%`
  return text.startsWith('×') ? text : `${ratio < 0 ? minus : '+'}${text}`
}
