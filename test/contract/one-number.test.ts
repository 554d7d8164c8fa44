import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { amountOf, formatAmount } from '../../src/base/money.ts'
import { periodAt } from '../../src/base/period.ts'
import type { CostAnswer } from '../../src/api/contract/contract.ts'
import { createWorld, recordsOfPiece } from '../../src/demo/tell-history.ts'
import { bundledPrices } from '../../src/jobs/seed-prices.ts'
import { createEventStore } from '../../src/store/events/event-store.ts'
import { createMemoryEventStore } from '../../src/store/memory/event-store.ts'
import { figuresOf } from '../../web/src/pages/explore/explore-figures.ts'
import { startTestEngines, type TestEngines } from '../support/engines.ts'
import { seededDice, seedOfRun } from '../support/dice.ts'
import { dayMs, noon, openApi, type Api } from './api-harness.ts'

/**
 * One number: for random questions about the demo company, the records behind the API, its answers, its export and what the
 * console's chart and table make of the answer agree to the last digit, on the memory oracle and on the real engine.
 */
const questions = 60
const seed = seedOfRun('one number')
// Over the turn of a week, and no longer: every day more is ten thousand records in every sum.
const historyDays = 4

type Row = Readonly<Record<string, never>> & {
  readonly at: number; readonly kind: string; readonly isCall: boolean; readonly cost: string | null; readonly listCost: string | null; readonly usage: Readonly<Record<string, number>>
  readonly errorClass: string; readonly caller: Readonly<Record<string, string>>; readonly attribution: Readonly<Record<string, string>>
  readonly provider: string; readonly requestedModel: string; readonly servedModel: string; readonly endpoint: string; readonly quality: string; readonly pricing: string
}
const valueOf: Readonly<Record<string, (row: Row) => string>> = {
  unit: (row) => row.caller['unitId']!, team: (row) => row.caller['teamId']!, app: (row) => row.caller['appId']!, key: (row) => row.caller['keyId']!, cost_centre: (row) => row.caller['costCentre']!,
  provider: (row) => row.provider, model: (row) => row.servedModel || row.requestedModel, requested_model: (row) => row.requestedModel, endpoint: (row) => row.endpoint, kind: (row) => row.kind,
  quality: (row) => row.quality, pricing: (row) => row.pricing, error_class: (row) => row.errorClass,
  agent: (row) => row.attribution['agent']!, workflow: (row) => row.attribution['workflow']!, user: (row) => row.attribution['user']!, run: (row) => row.attribution['run']!, session: (row) => row.attribution['session']!,
}
const dimensions = Object.keys(valueOf)
const zones = ['UTC', 'Europe/Amsterdam', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe']
const grains = ['none', 'hour', 'day', 'week', 'month'] as const
const tokens = /^(input_|cache_read|cache_write|embedding$|output_)/

/** Every measure as a plain loop over records; null where nothing is priced. */
function sumOf(rows: readonly Row[], measure: string): string | number | null {
  const money = (of: (row: Row) => string | null): string | null => {
    const priced = rows.flatMap((row) => of(row) ?? [])
    return priced.length === 0 ? null : formatAmount(priced.reduce((sum, amount) => sum + amountOf(amount), 0n))
  }
  switch (measure) {
    case 'cost': return money((row) => row.cost)
    case 'list_cost': return money((row) => row.listCost)
    case 'calls': return rows.filter((row) => row.isCall).length
    case 'attempts': return rows.filter((row) => row.kind === 'attempt').length
    case 'refusals': return rows.filter((row) => row.kind === 'refusal').length
    case 'errors': return rows.filter((row) => row.kind === 'attempt' && row.errorClass !== '').length
    case 'tokens': return rows.reduce((sum, row) => sum + Object.entries(row.usage).reduce((each, [name, count]) => each + (tokens.test(name) ? count : 0), 0), 0)
    default: throw new Error(measure)
  }
}
const measures = ['cost', 'list_cost', 'calls', 'attempts', 'refusals', 'errors', 'tokens'] as const

interface Question {
  readonly measures: readonly (typeof measures)[number][]; readonly groupBy: readonly string[]; readonly granularity: (typeof grains)[number]; readonly zone: string
  readonly filters: readonly { readonly dimension: string; readonly op: 'in' | 'not_in'; readonly values: readonly string[] }[]
  readonly fromMs: number; readonly toMs: number; readonly rowsMax: number
}

function randomQuestion(dice: () => number, rows: readonly Row[]): Question {
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(dice() * items.length)]!
  const filters = Array.from({ length: Math.floor(dice() * 3) }, () => {
    const dimension = pick(dimensions)
    return { dimension, op: pick(['in', 'in', 'not_in'] as const), values: [...new Set(Array.from({ length: 1 + Math.floor(dice() * 3) }, () => valueOf[dimension]!(pick(rows))))] }
  })
  const from = noon - Math.floor(dice() * historyDays * dayMs)
  // Whole hours are answered from rollups, anything else from raw rows: both must be asked.
  const whole = (ms: number): number => (dice() < 0.6 ? Math.floor(ms / 3_600_000) * 3_600_000 : ms)
  const fromMs = whole(from)
  const granularity = pick(grains)
  const groupBy = [...new Set(Array.from({ length: Math.floor(dice() * 4) }, () => pick(dimensions)))]
  return {
    measures: [...new Set([pick(measures), 'cost' as const, 'calls' as const, pick(measures)])], groupBy, granularity, zone: pick(zones), filters,
    fromMs, toMs: Math.max(whole(Math.floor(fromMs + dice() * (noon - fromMs))), fromMs + 1), rowsMax: 10_000,
  }
}

const isAsked = (row: Row, { fromMs, toMs, filters }: Question): boolean =>
  row.at >= fromMs && row.at < toMs && filters.every(({ dimension, op, values }) => values.includes(valueOf[dimension]!(row)) === (op === 'in'))

/** The records of a question by bucket and group. */
function groupsOf(rows: readonly Row[], { granularity, zone, groupBy }: Question): ReadonlyMap<string, readonly Row[]> {
  const groups = new Map<string, Row[]>()
  for (const row of rows) {
    const bucket = granularity === 'none' ? null : periodAt(granularity, zone, row.at).startMs
    const name = JSON.stringify([bucket, ...groupBy.map((dimension) => valueOf[dimension]!(row))])
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [row])
    else group.push(row)
  }
  return groups
}

async function allRecords(api: Api): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (let cursor: string | null = null; ;) {
    const url: string = `/api/v1/records?fromMs=${noon - historyDays * dayMs}&toMs=${noon}&limit=500${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`
    const page = await api.call('admin', 'GET', url)
    expect(page.status, page.text).toBe(200)
    rows.push(...(page.json as { rows: readonly Row[] }).rows)
    cursor = (page.json as { next: string | null }).next
    if (cursor === null) return rows
  }
}

function cellsOf(line: string): readonly string[] {
  return [...`,${line}`.matchAll(/,(?:"((?:[^"]|"")*)"|([^",]*))/g)].map(([, quoted, plain]) => (quoted === undefined ? plain! : quoted.replaceAll('""', '"')))
}

let engines: TestEngines
beforeAll(async () => { engines = await startTestEngines() })
afterAll(async () => engines?.stop())

describe.each(['memory oracle', 'real engine'] as const)('%s', (which) => {
  let api: Api
  let rows: readonly Row[]
  beforeAll(async () => {
    const events = which === 'memory oracle' ? createMemoryEventStore() : createEventStore(engines.events)
    await events.migrate()
    api = await openApi({ events })
    const file = { format: 1 as const, seed: seed % 1_000_000, anchorMs: noon, journalId: 'one-number', spans: [], budgetsMade: false, liveUntilMs: 0, secrets: {} }
    const world = createWorld('acme', file, bundledPrices(), { openai: 'http://o', anthropic: 'http://a', gemini: 'http://g' })
    const told = recordsOfPiece(world, { segment: 1, fromMs: noon - historyDays * dayMs, toMs: noon, spent: [], done: false }, { fromMs: noon - historyDays * dayMs, toMs: noon })
    await events.insertBatch('one-number:1:0', told, noon)
    rows = await allRecords(api)
    expect(rows.length).toBe(told.length)
  })
  afterAll(async () => {
    await api.close()
    await api.events.close()
  })

  test(`sums of records are the answer, the export and the chart, over ${questions} random questions`, async () => {
    const dice = seededDice(seed)
    for (let asked = 0; asked < questions; asked += 1) {
      const question = randomQuestion(dice, rows)
      const about = `question ${asked}: ${JSON.stringify(question)}`
      const matching = rows.filter((row) => isAsked(row, question))
      const expected = groupsOf(matching, question)

      const answered = await api.call('admin', 'POST', '/api/v1/query', question)
      expect(answered.status, about + answered.text).toBe(200)
      const answer = answered.json as CostAnswer
      if (answer.truncated) continue
      for (const measure of question.measures) expect(answer.totals[measure], `${measure} in total, ${about}`).toEqual(sumOf(matching, measure))
      if (question.groupBy.length > 0 || question.granularity !== 'none') expect(answer.rows.length, about).toBe(expected.size)
      for (const row of answer.rows) {
        const name = JSON.stringify([row.bucketMs, ...question.groupBy.map((dimension) => row.group[dimension as 'team']!.id)])
        const members = expected.get(name) ?? []
        // Looked at first: an expectation for each of a million cells would cost minutes.
        for (const measure of question.measures) if (row.values[measure] !== sumOf(members, measure)) expect(row.values[measure], `${measure} of ${name}, ${about}`).toEqual(sumOf(members, measure))
      }

      await checkExport(api, question, answer, about)
      checkFigures(question, answer, about)
    }
  })
})

/** The file says what the answer says: the same rows in the same order, and its totals below. */
async function checkExport(api: Api, question: Question, answer: CostAnswer, about: string): Promise<void> {
  const file = await api.call('admin', 'POST', '/api/v1/query/export?format=csv', question)
  expect(file.status, about).toBe(200)
  const lines = file.text.split('\r\n').filter((line) => line !== '').map(cellsOf)
  const header = lines[0]!
  expect(lines.length, about).toBe(answer.rows.length + 2)
  const textOf = (value: string | number | null | undefined): string => (value === null || value === undefined ? '' : String(value))
  for (const measure of question.measures) {
    const column = header.indexOf(measure)
    expect(lines.slice(1, -1).map((cells) => cells[column]), about).toEqual(answer.rows.map((row) => textOf(row.values[measure])))
    expect(lines.at(-1)![column], about).toBe(textOf(answer.totals[measure]))
  }
}

/** The console's figures of an answer: series add up to buckets, buckets to the total, and the table's groups as well. */
function checkFigures(question: Question, answer: CostAnswer, about: string): void {
  const by = question.groupBy as Parameters<typeof figuresOf>[1]['by']
  const figures = figuresOf(answer, { measure: 'cost', by, grain: question.granularity, nowMs: noon })
  const total = amountOf(String(answer.totals.cost ?? '0'))
  const add = (values: readonly (string | null)[]): bigint => values.reduce((sum, value) => sum + (value === null ? 0n : amountOf(value)), 0n)
  expect(figures.total.get('cost') ?? 0n, about).toBe(total)
  expect(add(figures.wholes), `buckets, ${about}`).toBe(total)
  expect(add(figures.series.map((series) => series.total)), `series, ${about}`).toBe(total)
  for (const [bucket, whole] of figures.wholes.entries()) {
    expect(add(figures.series.map((series) => series.values[bucket] ?? null)), `bucket ${bucket}, ${about}`).toBe(whole === null ? 0n : amountOf(whole))
  }
  if (by.length > 0) expect(figures.groups.reduce((sum, group) => sum + (group.total.get('cost') ?? 0n), 0n), `table, ${about}`).toBe(total)
}
