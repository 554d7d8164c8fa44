import { useQuery } from '@tanstack/react-query'
import { ArrowDownRight, ArrowUpRight, ChartColumn, Minus, Table2 } from 'lucide-react'
import { useMemo, useState, type ReactNode } from 'react'
import { costQuery, type Overview } from '../../api/queries.ts'
import { Link } from '@tanstack/react-router'
import { Swatch } from '../../chart/decals.tsx'
import { ChartTable } from '../../chart/chart-table.tsx'
import type { ChartSeries } from '../../chart/series.ts'
import { stackDays } from '../../chart/stacked-days.ts'
import { TimeChart, type TimeChartProps } from '../../chart/time-chart.tsx'
import { Count, Money } from '../../design/figures.tsx'
import { classNames } from '../../design/class-names.ts'
import { Panel } from '../../design/panel.tsx'
import { Segmented } from '../../design/segmented.tsx'
import { ProblemState, Skeleton } from '../../design/state.tsx'
import { compareDecimals, ratioOf, subtractDecimals } from '../../format/decimal.ts'
import { exactMoney, formatMoney, formatMoneyChange, formatMoneyShort } from '../../format/money.ts'
import { formatChange, formatShare } from '../../format/quantity.ts'
import { searchOfValue } from '../explore/drill.ts'

type Split = 'team' | 'model'
const splits = [{ value: 'team', label: 'Team' }, { value: 'model', label: 'Model' }] as const
const shapes = [
  { value: 'chart', label: <ChartColumn aria-hidden className="size-3.5" />, name: 'Chart' },
  { value: 'table', label: <Table2 aria-hidden className="size-3.5" />, name: 'Data table' },
] as const

export function SpendPanel({ overview, className }: { readonly overview: Overview; readonly className?: string }): ReactNode {
  const [split, setSplit] = useState<Split>('team')
  const [shape, setShape] = useState<'chart' | 'table'>('chart')
  const stack = useSpendStack(overview, split)
  const chart = useMemo(() => chartOf(overview), [overview])
  return (
    <Panel
      title="Spend, month to date" className={className ?? ''}
      aside={<div className="flex items-center gap-2"><Link to="/explore" search={{ by: split === 'team' ? 'team,app' : 'model,team', range: 'month' }} className="mr-1 rounded px-1 text-xs font-medium text-accent hover:underline">Explore</Link><Segmented label="Split by" value={split} options={splits} onChange={setSplit} /><Segmented label="Show as" value={shape} options={shapes} onChange={setShape} /></div>}
    >
      <Headline overview={overview} />
      <div className="mt-5 flex min-h-64 flex-1 flex-col">
        {stack.error !== null && stack.series === null ? <ProblemState error={stack.error} onRetry={stack.retry} />
          : stack.series === null ? <Skeleton className="min-h-64 w-full flex-1" />
            : shape === 'table' ? <ChartTable {...chart} series={stack.series} />
              : <TimeChart {...chart} series={stack.series} shape="stack" />}
      </div>
      {stack.series !== null && <Legend series={stack.series} split={split} total={overview.spend.current} currency={overview.currency} compared={overview.series.some((day) => compareDecimals(day.previousCost, '0') !== 0)} />}
    </Panel>
  )
}

const dayMs = 86_400_000

/** The whole month keeps its place on the axis; the same day of the month before is marked on each. */
function chartOf({ series, period, monthEndMs, currency, zone }: Overview): Omit<TimeChartProps, 'series' | 'shape'> {
  return {
    label: 'Spend per day', granularity: 'day', zone, figure: { kind: 'money', currency }, slots: Math.max(series.length, Math.round((monthEndMs - period.fromMs) / dayMs)),
    buckets: series.map((day, index) => ({ startMs: day.dayMs, endMs: series[index + 1]?.dayMs ?? day.dayMs + dayMs, complete: day.complete })),
    wholes: series.map((day) => day.cost), before: { name: 'Same day, month before', values: series.map((day) => day.previousCost) },
  }
}

function useSpendStack(overview: Overview, split: Split): { readonly series: readonly ChartSeries[] | null; readonly error: Error | null; readonly retry: () => void } {
  // The range ends with the running day, so that the question stays the same, and cached, between refreshes.
  const toMs = Math.ceil(overview.period.toMs / 3_600_000) * 3_600_000
  const answer = useQuery({
    ...costQuery({ measures: ['cost'], groupBy: [split], granularity: 'day', zone: overview.zone, fromMs: overview.period.fromMs, toMs, rowsMax: 5_000 }),
    // The last answer stays while the range moves on, but never under another split.
    placeholderData: (previous, query) => (query !== undefined && JSON.stringify(query.queryKey).includes(`["${split}"]`) ? previous : undefined),
    refetchInterval: 60_000,
  })
  const days = useMemo(() => overview.series.map((day) => day.dayMs), [overview.series])
  const series = useMemo(() => (answer.data === undefined ? null : stackDays(answer.data.rows, split, days)), [answer.data, split, days])
  return { series, error: answer.error, retry: () => void answer.refetch() }
}

function Headline({ overview }: { readonly overview: Overview }): ReactNode {
  const { spend, calls, tokens, currency, forecast } = overview
  const perCall = spend.current === null || calls.current === 0 ? null : perCallCost(spend.current, calls.current)
  return (
    <div className="flex flex-wrap items-end justify-between gap-x-10 gap-y-4">
      <div>
        <p className="text-display font-semibold tracking-[-0.035em] first-letter:uppercase"><Money decimal={spend.current} currency={currency} /></p>
        <div className="mt-1.5 flex flex-wrap items-center gap-x-2.5 gap-y-1 text-sm">
          <Change overview={overview} />
          {spend.list !== null && spend.current !== null && spend.list !== spend.current && (
            <span className="text-ink-3" title={`List price: ${exactMoney(spend.list, currency)}`}>{formatMoney(subtractDecimals(spend.list, spend.current), currency)} below list price</span>
          )}
        </div>
      </div>
      <dl className="grid grid-cols-[auto_auto] gap-x-8 gap-y-3 sm:flex sm:flex-wrap">
        {forecast.landing !== null && (
          <Figure label="Forecast, month end" title={`${forecast.label} (${forecast.basisDays} days)`}>
            {formatMoneyShort(forecast.landing, currency)}
            {forecast.low !== null && forecast.high !== null && <span className="ml-1.5 text-xs font-normal text-ink-3">{formatMoneyShort(forecast.low, currency)} – {formatMoneyShort(forecast.high, currency)}</span>}
          </Figure>
        )}
        <Figure label="Calls"><Count count={calls.current} /></Figure>
        <Figure label="Tokens"><Count count={tokens.current} /></Figure>
        {perCall !== null && <Figure label="Per call"><span title={`${overview.spend.current ?? ''} ÷ ${calls.current}`}>{formatMoney(perCall, currency)}</span></Figure>}
      </dl>
    </div>
  )
}

/** Mean cost of a call, for display: the division is cut at 15 places. */
function perCallCost(total: string, calls: number): string {
  const [whole = '0', fraction = ''] = total.split('.')
  const units = BigInt(whole + fraction.padEnd(15, '0')) / BigInt(calls)
  const digits = units.toString().replace('-', '').padStart(16, '0')
  return `${units < 0n ? '-' : ''}${digits.slice(0, -15)}.${digits.slice(-15)}`
}

function Figure({ label, title, children }: { readonly label: string; readonly title?: string; readonly children: ReactNode }): ReactNode {
  return <div title={title}><dt className="label-quiet">{label}</dt><dd className="mt-0.5 text-lg font-medium tracking-[-0.01em] whitespace-nowrap">{children}</dd></div>
}

function Change({ overview: { spend, currency } }: { readonly overview: Overview }): ReactNode {
  if (spend.current === null) return null
  if (spend.previous === null) return <span className="text-ink-3">No spend in the month before</span>
  const delta = subtractDecimals(spend.current, spend.previous)
  const Icon = delta.startsWith('-') ? ArrowDownRight : delta === '0' ? Minus : ArrowUpRight
  return (
    <>
      <span className={classNames('inline-flex h-6 items-center gap-1 rounded-md px-1.5 font-medium', delta.startsWith('-') ? 'bg-good-soft text-good' : 'bg-warn-soft text-warn')}>
        <Icon aria-hidden className="size-3.5" />{formatChange(spend.changeRatio)}
      </span>
      <span className="text-ink-2" title={exactMoney(delta, currency)}>{formatMoneyChange(delta, currency)}</span>
      <span className="text-ink-3">against <Money decimal={spend.previous} currency={currency} /></span>
    </>
  )
}

function Legend({ series, split, total, currency, compared }: { readonly compared: boolean; readonly series: readonly ChartSeries[]; readonly split: Split; readonly total: string | null; readonly currency: string }): ReactNode {
  return (
    <ul className="mt-3 grid grid-cols-1 gap-x-6 sm:grid-cols-2 xl:grid-cols-3">
      {series.map((entry, index) => {
        const row = (
          <>
            <Swatch index={index} rest={entry.rest} />
            <span className="min-w-0 flex-1 truncate">{entry.name}</span>
            <span className="text-ink-2"><Money decimal={entry.total} currency={currency} /></span>
            <span className="w-12 text-right text-ink-3">{formatShare(ratioOf(entry.total, total) ?? 0)}</span>
          </>
        )
        const shape = '-mx-1.5 flex h-7 items-center gap-2 rounded px-1.5 text-xs'
        return (
          <li key={entry.id}>
            {entry.rest ? <span className={shape}>{row}</span> : <Link to="/explore" search={searchOfValue(split, entry.id)} className={`${shape} hover:bg-hover`}>{row}</Link>}
          </li>
        )
      })}
      {compared && <li className="-mx-1.5 flex h-7 items-center gap-2 px-1.5 text-xs text-ink-3"><span aria-hidden className="w-2.5 border-t-2 border-ink" />Same day, month before</li>}
    </ul>
  )
}

