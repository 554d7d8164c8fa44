import { useEffect, useRef, type ReactNode } from 'react'
import { plotValue } from '../format/decimal.ts'
import { exactMoney, formatMoney, formatMoneyShort } from '../format/money.ts'
import { formatDayIn } from '../format/time.ts'
import { useShownTheme } from '../shell/theme.ts'
import { createChart, type EChartsType } from './engine.ts'
import { decals, seriesToken, tokenValue } from './palette.ts'
import type { StackSeries } from './stacked-days.ts'

export interface DailyChartProps {
  readonly days: readonly { readonly dayMs: number; readonly complete: boolean; readonly previousCost: string | null }[]
  readonly series: readonly StackSeries[]
  readonly currency: string
  readonly zone: string
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
/** Names come from callers and reach the tooltip as markup. */
const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => escapes[character]!)

/** Spend per day, stacked; the running day is pale, last month's same days are ticks. */
export function DailyChart(props: DailyChartProps): ReactNode {
  const holder = useRef<HTMLDivElement>(null)
  const chart = useRef<EChartsType | null>(null)
  const theme = useShownTheme()
  useEffect(() => {
    const element = holder.current
    if (element === null) return
    const drawn = createChart(element)
    chart.current = drawn
    const observer = new ResizeObserver(() => drawn.resize())
    observer.observe(element)
    return () => { observer.disconnect(); drawn.dispose(); chart.current = null }
  }, [])
  useEffect(() => {
    chart.current?.setOption(optionOf(props), { notMerge: true })
  }, [props, theme])
  return <div ref={holder} role="img" className="h-64 w-full" />
}

function optionOf({ days, series, currency, zone }: DailyChartProps): Record<string, unknown> {
  const ink = tokenValue('--ink-3')
  const text = { color: ink, fontFamily: 'Geist Variable', fontSize: 11 }
  const surface = tokenValue('--surface')
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches
  return {
    animation: !still, animationDuration: 240,
    aria: { enabled: true, decal: { show: true, decals: decals.map((decal) => ({ ...decal, color: 'rgba(255,255,255,0.2)' })) } },
    grid: { left: 4, right: 4, top: 10, bottom: 2, containLabel: true },
    xAxis: {
      type: 'category', data: days.map((day) => formatDayIn(day.dayMs, zone)), axisTick: { show: false },
      axisLine: { lineStyle: { color: tokenValue('--line-strong') } }, axisLabel: { ...text, margin: 10, hideOverlap: true },
    },
    yAxis: {
      type: 'value', splitNumber: 4, splitLine: { lineStyle: { color: tokenValue('--line') } },
      axisLabel: { ...text, formatter: (value: number) => axisMoney(value, currency) },
    },
    tooltip: {
      trigger: 'axis', axisPointer: { type: 'shadow', shadowStyle: { color: tokenValue('--ink'), opacity: 0.05 } }, confine: true,
      backgroundColor: tokenValue('--raised'), borderColor: tokenValue('--line'), borderWidth: 1, padding: 0,
      textStyle: { color: tokenValue('--ink'), fontFamily: 'Geist Variable', fontSize: 12 },
      extraCssText: 'border-radius:8px;box-shadow:var(--shadow-float)',
      formatter: (points: readonly { readonly dataIndex: number }[]) => tooltipOf(points[0]?.dataIndex ?? 0, { days, series, currency, zone }),
    },
    series: [...series.map((entry, index) => barOf(entry, index, days, surface)), lastMonth(days, tokenValue('--ink'), surface, !matchMedia('(min-width: 48rem)').matches)],
  }
}

const axisMoney = (value: number, currency: string): string => formatMoneyShort(Number.isInteger(value) ? String(value) : value.toFixed(value < 0.01 ? 6 : 2), currency).replace(/\.00$/, '')

function barOf(entry: StackSeries, index: number, days: DailyChartProps['days'], surface: string): Record<string, unknown> {
  return {
    type: 'bar', name: entry.name, stack: 'day', barMaxWidth: 34, barCategoryGap: '28%',
    itemStyle: { color: tokenValue(seriesToken(index, entry.rest)), borderColor: surface, borderWidth: 0.75 },
    emphasis: { focus: 'none' },
    data: entry.costs.map((cost, day) => ({ value: cost === null ? null : plotValue(cost), ...(days[day]?.complete === false ? { itemStyle: { opacity: 0.45 } } : {}) })),
  }
}

/** A tick per day rather than a line: what is compared is each day with its own, not a trend. */
const lastMonth = (days: DailyChartProps['days'], ink: string, surface: string, narrow: boolean): Record<string, unknown> => ({
  type: 'line', name: 'Same day, month before', symbol: 'rect', symbolSize: [narrow ? 8 : 20, 2], showAllSymbol: true, silent: true, z: 5,
  lineStyle: { width: 0 }, itemStyle: { color: ink, borderColor: surface, borderWidth: 1, decal: { symbol: 'none' } },
  data: days.map((day) => plotValue(day.previousCost) || null),
})

function tooltipOf(day: number, { days, series, currency, zone }: DailyChartProps): string {
  const facts = days[day]
  if (facts === undefined) return ''
  const rows = series.map((entry, index) => ({ entry, index, cost: entry.costs[day] ?? null })).filter((row) => row.cost !== null)
  const line = (swatch: string, name: string, cost: string): string =>
    `<div style="display:flex;gap:8px;align-items:center;line-height:20px"><span style="width:8px;height:8px;border-radius:2px;background:${swatch}"></span><span style="flex:1;color:var(--ink-2)">${escaped(name)}</span><span title="${escaped(exactMoney(cost, currency))}" style="padding-left:20px">${escaped(formatMoney(cost, currency))}</span></div>`
  const head = `<div style="font-weight:600;margin-bottom:4px">${formatDayIn(facts.dayMs, zone)}${facts.complete ? '' : ' · so far'}</div>`
  const before = facts.previousCost === null ? '' : `<div style="margin-top:4px;padding-top:4px;border-top:1px solid var(--line)">${line('transparent', 'Same day, month before', facts.previousCost)}</div>`
  return `<div style="padding:10px 12px;min-width:180px">${head}${rows.map((row) => line(`var(${seriesToken(row.index, row.entry.rest)})`, row.entry.name, row.cost!)).join('')}${before}</div>`
}
