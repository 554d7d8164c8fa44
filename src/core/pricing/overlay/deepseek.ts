import type { PriceConditions } from '../price-entry.ts'
import type { DatedAlias, OverlayStep } from './apply-overlay.ts'

const page = 'DeepSeek pricing page (stored copies) and genai-prices 0.1.8'
const everyDay = [1, 2, 3, 4, 5, 6, 7]
const weekdays = [1, 2, 3, 4, 5]

/** Peak hours, 09–12 and 14–18 in Beijing. */
const peak = (days: readonly number[]): NonNullable<PriceConditions['clock']> => [
  { zone: 'Asia/Shanghai', days, fromMinute: 9 * 60, toMinute: 12 * 60 },
  { zone: 'Asia/Shanghai', days, fromMinute: 14 * 60, toMinute: 18 * 60 },
]
/** The night discount of 2025. */
const night: NonNullable<PriceConditions['clock']> = [{ zone: 'UTC', days: everyDay, fromMinute: 16 * 60 + 30, toMinute: 30 }]

const clockPricesFrom = '2026-08-16T16:00:00Z'
/** Sunday 23 August in Beijing. */
const weekendsOffPeakFrom = '2026-08-22T16:00:00Z'
const nightFrom = '2025-02-26T00:00:00Z'
const nightTo = '2025-09-05T16:00:00Z'
const v32From = '2025-09-29T00:00:00Z'
const v4From = '2026-04-24T00:00:00Z'

type Figures = readonly [input: string, cached: string, output: string]
const figures = ([input_text, cache_read, output_text]: Figures) => ({ input_text, cache_read, output_text })

function v4(model: string, flat: Figures, offPeak: Figures, peakFigures: Figures): readonly OverlayStep[] {
  const row = { kind: 'stated', provider: 'deepseek', models: [model], source: page } as const
  return [
    { ...row, to: clockPricesFrom, prices: figures(flat) },
    { ...row, from: clockPricesFrom, prices: figures(offPeak) },
    { ...row, from: clockPricesFrom, to: weekendsOffPeakFrom, conditions: { clock: peak(everyDay) }, prices: figures(peakFigures) },
    { ...row, from: weekendsOffPeakFrom, conditions: { clock: peak(weekdays) }, prices: figures(peakFigures) },
  ]
}

function v3(model: string, day: Figures, atNight: Figures): readonly OverlayStep[] {
  const row = { kind: 'stated', provider: 'deepseek', models: [model], source: page } as const
  return [
    { ...row, to: nightTo, prices: figures(day) },
    { ...row, from: nightFrom, to: nightTo, conditions: { clock: night }, prices: figures(atNight) },
    { ...row, from: nightTo, to: v32From, prices: figures(['0.56', '0.07', '1.68']), source: 'DeepSeek pricing page: V3.1, one price for both names' },
    { ...row, from: v32From, prices: figures(['0.28', '0.028', '0.42']), source: 'DeepSeek pricing page: V3.2; LiteLLM 2026-08-01 still shows it' },
  ]
}

export const deepseekSteps: readonly OverlayStep[] = [
  ...v3('deepseek-chat', ['0.27', '0.07', '1.1'], ['0.135', '0.035', '0.55']),
  ...v3('deepseek-reasoner', ['0.55', '0.14', '2.19'], ['0.135', '0.035', '0.55']),
  ...v4('deepseek-v4-flash', ['0.14', '0.0028', '0.28'], ['0.22', '0.007', '0.66'], ['0.44', '0.014', '1.32']),
  ...v4('deepseek-v4-pro', ['0.435', '0.003625', '0.87'], ['0.66', '0.022', '1.98'], ['1.32', '0.044', '3.96']),
]

export const deepseekAliases: readonly DatedAlias[] = [
  { provider: 'deepseek', names: ['deepseek-chat', 'deepseek-reasoner'], model: 'deepseek-v4-flash', from: v4From },
]
