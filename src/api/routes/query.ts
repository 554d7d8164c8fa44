import type { FastifyReply } from 'fastify'
import { limits } from '../../config/limits.ts'
import { costMeasures, type CostAnswer, type CostMeasure, type CostQuery } from '../../core/analytics/cost-query.ts'
import type { EventStore, ReadScope } from '../../store/ports.ts'
import { previousPeriod, previousYear, type Range } from '../compare-range.ts'
import type { ApiDeps } from '../deps.ts'
import { asFile, type Cell, type Sheet } from '../exports.ts'
import { invalidField } from '../problem.ts'
import type { Ask, Handlers } from '../registrar.ts'

type Question = Ask<'query'>['body']
const dayMs = 86_400_000

export function queryHandlers({ events, clock }: ApiDeps): Pick<Handlers, 'query' | 'exportQuery'> {
  return {
    async query({ body, scope }) {
      const question = readQuestion(body, body)
      const range = compareRange(body)
      const [answer, compared] = await Promise.all([
        events.costQuery(scope, question),
        range ? events.costQuery(scope, readQuestion(body, range)) : null,
      ])
      return {
        ...describe(answer, body), currency: answer.currency, otherCurrencies: answer.otherCurrencies ?? [],
        compare: compared && range ? describe(compared, range) : null,
      }
    },
    async exportQuery({ body, query, scope, reply }) {
      return exportAnswer(events, scope, body, { format: query.format, nowMs: clock.now(), reply })
    },
  }
}

/** Checks what spans fields; the schema has checked each by itself. */
function readQuestion(body: Question, range: Range): CostQuery {
  if (range.toMs <= range.fromMs) throw invalidField('toMs', 'The range must end after it begins.')
  if (range.toMs - range.fromMs > limits.queryRangeDaysMax * dayMs) throw invalidField('toMs', `The range is longer than ${limits.queryRangeDaysMax} days.`)
  const { compareTo: _compareTo, ...question } = body
  return { ...question, measures: [...new Set(body.measures)], groupBy: [...new Set(body.groupBy)], fromMs: range.fromMs, toMs: range.toMs }
}

function compareRange(body: Question): Range | null {
  switch (body.compareTo) {
    case null: return null
    case 'previous_period': return previousPeriod(body, body.zone)
    case 'previous_year': return previousYear(body, body.zone)
    default: return body.compareTo
  }
}

function describe(answer: CostAnswer, range: Range) {
  return { range: { fromMs: range.fromMs, toMs: range.toMs }, rows: answer.rows, totals: answer.totals, truncated: answer.truncated }
}

async function exportAnswer(events: EventStore, scope: ReadScope, body: Question, file: { format: 'csv' | 'json'; nowMs: number; reply: FastifyReply }): Promise<string> {
  const question = readQuestion({ ...body, rowsMax: limits.queryRowsMax }, body)
  const answer = await events.costQuery(scope, question)
  return asFile(sheetOf(question, answer, file.nowMs), file.format, file.reply)
}

function sheetOf(question: CostQuery, answer: CostAnswer, generatedAtMs: number): Sheet {
  const timed = question.granularity !== 'none'
  const measures: readonly CostMeasure[] = costMeasures.filter((measure) => question.measures.includes(measure))
  const valuesOf = (values: CostAnswer['totals']): Cell[] => measures.map((measure) => values[measure] ?? null)
  const groupColumns = question.groupBy.flatMap((dimension) => [dimension, `${dimension}_name`])
  return {
    name: 'tollgate-costs',
    columns: [...(timed ? ['bucket_start'] : []), ...groupColumns, ...measures, 'currency'],
    rows: answer.rows.map((row) => [
      ...(timed ? [row.bucketMs === null ? null : new Date(row.bucketMs).toISOString()] : []),
      ...question.groupBy.flatMap((dimension) => [row.group[dimension]?.id ?? '', row.group[dimension]?.name ?? '']),
      ...valuesOf(row.values), answer.currency,
    ]),
    totals: [...(timed ? [groupColumns.length === 0 ? 'total' : null] : []), ...groupColumns.map((_, index) => (index === 0 ? 'total' : null)), ...valuesOf(answer.totals), answer.currency],
    generatedAtMs,
  }
}
