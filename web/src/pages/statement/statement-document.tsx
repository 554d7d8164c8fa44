import type { ReactNode } from 'react'
import type { Statement } from '../../api/queries.ts'
import { Mark } from '../../shell/mark.tsx'
import { subtractDecimals } from '../../format/decimal.ts'
import { exactMoney, formatMoney, formatMoneyChange } from '../../format/money.ts'
import { exactCount, formatChange, formatCount } from '../../format/quantity.ts'
import { exactMoment } from '../../format/time.ts'
import { StatementDays } from './statement-days.tsx'
import { againstWords } from './statement-money.ts'
import { StatementNotes } from './statement-notes.tsx'
import { monthName, shiftMonth } from './statement-search.ts'
import { StatementTable } from './statement-table.tsx'

const kindNames = { org: 'organisation', unit: 'business unit', team: 'team', app: 'app' } as const

/** One node's month as a document that can be sent to whoever pays. */
export function StatementDocument({ statement }: { readonly statement: Statement }): ReactNode {
  const { node, totals, currency } = statement
  const used = totals.calls > 0 || totals.refusals > 0 || totals.cost !== null
  return (
    <article aria-label={`Statement of ${node.name}, ${monthName(statement.month)}`} className="mx-auto w-full max-w-[54rem] rounded-xl border border-line bg-surface px-5 py-7 shadow-card sm:px-12 sm:py-11 print:max-w-none print:rounded-none print:border-0 print:p-0 print:shadow-none">
      <Letterhead statement={statement} />
      {used ? <Totals statement={statement} /> : <p className="mt-10 text-lg text-ink-2">Nothing was used in {monthName(statement.month)}{statement.state === 'running' ? ' so far' : ''}.</p>}
      {used && (
        <>
          <StatementDays statement={statement} />
          {node.kind === 'org' && <StatementTable title="By business unit" missing="No business unit" table={statement.units} totals={totals} currency={currency} />}
          {(node.kind === 'org' || node.kind === 'unit') && <StatementTable title="By team" missing="No team" table={statement.teams} totals={totals} currency={currency} />}
          {node.kind !== 'app' && <StatementTable title="By app" missing="No app" table={statement.apps} totals={totals} currency={currency} />}
          <StatementTable title="By workflow" note="as callers named it" missing="No workflow named" table={statement.workflows} totals={totals} currency={currency} />
          <StatementTable title="By model" missing="No model" table={statement.models} totals={totals} currency={currency} />
          {(node.kind === 'org' || node.kind === 'unit') && <StatementTable title="By cost centre" missing="No cost centre" table={statement.costCentres} totals={totals} currency={currency} />}
          <StatementNotes statement={statement} />
        </>
      )}
      <footer className="mt-8 flex flex-wrap justify-between gap-x-6 gap-y-1 border-t border-line pt-3 text-2xs text-ink-3">
        <span>A showback: what was used and what it cost. Not an invoice.</span>
        <span>Made by Tollgate, <time dateTime={exactMoment(statement.asOfMs)}>{momentIn(statement.asOfMs, statement.zone)}</time></span>
      </footer>
    </article>
  )
}

const dateWords = (zone: string): Intl.DateTimeFormat => new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: zone })
const momentIn = (ms: number, zone: string): string => new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric', hour: '2-digit', minute: '2-digit', timeZone: zone }).format(ms)

function Letterhead({ statement }: { readonly statement: Statement }): ReactNode {
  const { node, organisation, period, zone, state, asOfMs, currency } = statement
  const above = node.path.slice(1, -1).map((step) => step.name)
  const dates = dateWords(zone)
  return (
    <header>
      <div className="flex items-center justify-between gap-4">
        <p className="flex min-w-0 items-center gap-2.5"><Mark className="size-6 shrink-0" /><span className="truncate font-semibold">{organisation.name}</span></p>
        <p className="shrink-0 text-xs text-ink-3">Statement of AI usage</p>
      </div>
      <div className="mt-8 border-t border-ink pt-5 print:mt-5">
        <p className="text-sm text-ink-3">{monthName(statement.month)} · {kindNames[node.kind]}</p>
        <h2 className="mt-1 text-2xl font-semibold tracking-[-0.02em] [overflow-wrap:anywhere]">{node.name}</h2>
        <dl className="mt-5 grid grid-cols-1 gap-x-8 gap-y-3 text-sm min-[26rem]:grid-cols-2 sm:grid-cols-[auto_auto_auto_1fr] print:grid-cols-[auto_auto_auto_1fr]">
          {above.length > 0 && <Fact name="Belongs to">{above.join(' / ')}</Fact>}
          <Fact name="Cost centre">{node.costCentre === '' ? <span className="text-ink-3">none</span> : node.costCentre}</Fact>
          <Fact name="Period">{dates.formatRange(period.fromMs, period.toMs - 1)}<span className="block text-xs text-ink-3">{zone}{currency === '' ? '' : `, ${currency}`}</span></Fact>
          <Fact name="State">{state === 'running' ? 'Month so far' : 'Month complete, not closed'}<span className="block text-xs text-ink-3">as of {momentIn(asOfMs, zone)}</span></Fact>
        </dl>
      </div>
    </header>
  )
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }): ReactNode {
  return <div className="min-w-0"><dt className="label-quiet">{name}</dt><dd className="mt-0.5 [overflow-wrap:anywhere]">{children}</dd></div>
}

function Totals({ statement }: { readonly statement: Statement }): ReactNode {
  const { totals, currency } = statement
  return (
    <section aria-label="Totals" className="mt-8 print:mt-6">
      <div className="grid grid-cols-1 gap-x-10 gap-y-6 sm:grid-cols-[1fr_auto] print:grid-cols-[1fr_auto]">
        <div>
          <p className="label-quiet">Cost at contract price</p>
          <p className="mt-1 text-display font-semibold tracking-[-0.035em]">{totals.cost === null ? <span className="text-warn">Unpriced</span> : <span title={exactMoney(totals.cost, currency)}>{formatMoney(totals.cost, currency)}</span>}</p>
        </div>
        <dl className="grid min-w-60 grid-cols-[1fr_auto] content-start gap-x-8 gap-y-1.5 self-end text-sm [&>dd]:text-right">
          <dt className="text-ink-2">At list price</dt><dd>{totals.listCost === null ? '–' : <span title={exactMoney(totals.listCost, currency)}>{formatMoney(totals.listCost, currency)}</span>}</dd>
          <dt className="text-ink-2">Difference</dt><dd>{totals.saving === null ? '–' : <span title={exactMoney(totals.saving, currency)}>{totals.saving === '0' ? 'none' : againstWords(totals.saving, currency, 'saved')}</span>}</dd>
          <dt className="text-ink-2">Calls</dt><dd>{exactCount(totals.calls)}</dd>
          <dt className="text-ink-2">Tokens, in and out</dt><dd title={exactCount(totals.tokens)}>{formatCount(totals.inputTokens)} + {formatCount(totals.outputTokens)}</dd>
        </dl>
      </div>
      <p className="mt-5 text-pretty text-ink-2"><Comparison statement={statement} /></p>
    </section>
  )
}

function Comparison({ statement: { month, state, totals, previous, currency } }: { readonly statement: Statement }): ReactNode {
  const before = monthName(shiftMonth(month, -1))
  const span = state === 'running' ? `the same days of ${before}` : before
  if (previous.totals.cost === null || totals.cost === null) return previous.totals.calls === 0 ? `There was no usage in ${span} to compare with.` : `There is no priced usage in ${span} to compare with.`
  const difference = subtractDecimals(totals.cost, previous.totals.cost)
  const calls = totals.calls - previous.totals.calls
  return (
    <>
      Against {span} ({formatMoney(previous.totals.cost, currency)}, {exactCount(previous.totals.calls)} calls) this is{' '}
      <strong className="font-semibold text-ink">{difference === '0' ? 'the same cost' : `${formatMoneyChange(difference, currency)}${previous.changeRatio === null ? '' : `, ${formatChange(previous.changeRatio)}`}`}</strong>
      {calls === 0 ? ' on as many calls.' : ` on ${exactCount(Math.abs(calls))} ${calls > 0 ? 'more' : 'fewer'} calls.`}
    </>
  )
}
