import { beforeAll, expect, test } from 'vitest'
import { encodeUsageRecord, decodeUsageRecord } from '../core/usage/usage-record-json.ts'
import type { UsageRecord } from '../core/usage/usage-record.ts'
import { bundledPrices } from '../jobs/seed-prices.ts'
import { firstSpan, marketingLimit, roundDown, roundUp } from './demo-budgets.ts'
import type { DemoFile } from './demo-file.ts'
import { historyBetween, type World } from './history.ts'
import { createWorld, piecesOf, recordsOfPiece } from './tell-history.ts'

const anchorMs = Date.UTC(2026, 10, 23, 14, 7)
const fileOf = (seed: number): DemoFile => ({ format: 1, seed, anchorMs, journalId: '00000000-0000-4000-8000-000000000000', spans: [], budgetsMade: false, liveUntilMs: 0, secrets: {} })
const worldOf = (seed: number): World => createWorld('org_test', fileOf(seed), bundledPrices(), { openai: 'http://o', anthropic: 'http://a', gemini: 'http://g' })
const dayMs = 86_400_000

let world: World
let all: readonly UsageRecord[]
beforeAll(() => {
  world = worldOf(7)
  const span = firstSpan(world)
  all = [...piecesOf(span)].flatMap((piece) => recordsOfPiece(world, span, piece))
})
const costOf = (rows: readonly UsageRecord[]): bigint => rows.reduce((sum, row) => sum + (row.cost ?? 0n), 0n)
const where = (matches: (row: UsageRecord) => boolean): readonly UsageRecord[] => all.filter(matches)

test('the same seed and instant tell the same history, and another seed another one', () => {
  const tell = (seed: number): readonly string[] => [...historyBetween(worldOf(seed), anchorMs - 2 * dayMs, anchorMs)].map((each) => encodeUsageRecord(each))
  expect(tell(7)).toEqual(tell(7))
  expect(tell(8)).not.toEqual(tell(7))
})

test('told in pieces or at once, the same calls come out', () => {
  const [fromMs, toMs] = [anchorMs - 5 * dayMs, anchorMs - 3 * dayMs]
  const cuts = [fromMs, fromMs + 12_345_678, fromMs + dayMs, toMs]
  const parts = cuts.slice(1).flatMap((cut, index) => [...historyBetween(world, cuts[index]!, cut)])
  const ids = (rows: readonly UsageRecord[]): readonly string[] => rows.map((row) => row.eventId).toSorted()
  expect(ids(parts)).toEqual(ids([...historyBetween(world, fromMs, toMs)]))
})

test('every record is one a journal could hold, in the history, under an id of its own', () => {
  expect(all.length).toBeGreaterThan(40_000)
  expect(new Set(all.map((row) => row.eventId)).size).toBe(all.length)
  for (const row of all) {
    expect(row.at >= world.story.beginMs && row.at < anchorMs).toBe(true)
    const decoded = decodeUsageRecord(JSON.parse(encodeUsageRecord(row)))
    if (!decoded.ok) throw new Error(decoded.error)
  }
})

test('a call has one record that counts as it, whatever its attempts', () => {
  const calls = new Map<string, number>()
  for (const row of all) calls.set(row.callId, (calls.get(row.callId) ?? 0) + Number(row.isCall))
  // A retry whose first attempt lies before the history's end may be cut off, never the other way round.
  expect([...calls.values()].every((count) => count === 1)).toBe(true)
  expect(where((row) => row.attempt === 2 && row.fallbackOf !== '').length).toBeGreaterThan(50)
})

test('cost is the sum of its lines wherever there are lines, at prices of the book at that instant', () => {
  for (const row of all) if (row.lines.length > 0) expect(row.lines.reduce<bigint>((sum, line) => sum + (line.amount ?? 0n), 0n)).toBe(row.cost ?? 0n)
  const sonnet = where((row) => row.servedModel.startsWith('claude-sonnet') && row.lines.length > 0)
  const rates = (rows: readonly UsageRecord[]): readonly (string | null)[] => [...new Set(rows.flatMap((row) => row.lines.filter((line) => line.component === 'output_text').map((line) => line.rate)))]
  expect(rates(sonnet.filter((row) => row.at < world.story.contractMs))).toEqual(['15'])
  expect(rates(sonnet.filter((row) => row.at >= world.story.contractMs))).toEqual(['12.75'])
})

test('the move to another model makes Support cheaper per request', () => {
  const perCall = (fromMs: number, toMs: number): bigint => {
    const rows = where((row) => row.caller.appName === 'Call summaries' && row.kind === 'attempt' && row.at >= fromMs && row.at < toMs)
    return costOf(rows) / BigInt(rows.length)
  }
  const { fromMs, toMs } = world.story.migration
  expect(perCall(toMs, anchorMs) * 2n).toBeLessThan(perCall(world.story.beginMs, fromMs))
})

test('one run ran away, and holds the dearest call', () => {
  const run = where((row) => row.attribution.step.startsWith('gather-'))
  expect(new Set(run.map((row) => row.attribution.run)).size).toBe(1)
  expect(run.length).toBeGreaterThanOrEqual(260)
  const dearest = all.reduce((most, row) => ((row.cost ?? 0n) > (most.cost ?? 0n) ? row : most))
  expect(dearest.attribution.step).toMatch(/^gather-/)
  // More than the team's other calls of the two weeks before it together, and so the reason why its month is over budget.
  expect(costOf(run)).toBeGreaterThan(costOf(where((row) => row.caller.teamName === 'Claims' && row.at > world.story.runaway.fromMs - 14 * dayMs && !row.attribution.step.startsWith('gather-'))))
})

test('a hard budget held: its team was refused once it was spent, and never used more', () => {
  const monthStart = Date.UTC(2026, 9, 31, 23)
  const marketing = where((row) => row.caller.teamName === 'Marketing' && row.at >= monthStart)
  expect(costOf(marketing)).toBeLessThanOrEqual(marketingLimit(world))
  expect(marketing.filter((row) => row.errorCode === 'budget_exceeded').length).toBeGreaterThan(5)
})

test('what a demo has to show is there: unattributed, unpriced, refused, failed, uncertain and cached calls', () => {
  expect(where((row) => row.caller.costCentre === '').length).toBeGreaterThan(300)
  for (const state of ['priced', 'unpriced'] as const) expect(where((row) => row.pricing === state).length).toBeGreaterThan(50)
  for (const quality of ['final', 'uncertain', 'provisional', 'estimated', 'absent'] as const) expect(where((row) => row.quality === quality).length).toBeGreaterThan(3)
  expect(where((row) => row.errorCode === 'model_not_allowed').length).toBeGreaterThan(20)
  expect(where((row) => row.errorClass === 'provider_error').length).toBeGreaterThan(100)
  const cachedBy = (row: UsageRecord): boolean => row.caller.appName === 'Policy assistant' && (row.usage.cache_read ?? 0) > 0
  expect(where((row) => cachedBy(row) && row.at < world.story.cachingMs)).toEqual([])
  expect(where((row) => cachedBy(row)).length).toBeGreaterThan(100)
  expect(new Set(all.map((row) => row.provider))).toEqual(new Set(['openai', 'anthropic', 'gemini']))
})

test('limits are rounded as people round them', () => {
  const unit = 10n ** 15n
  expect(roundDown(413_270n * unit / 1_000n)).toBe(410n * unit)
  expect(roundUp(413_270n * unit / 1_000n)).toBe(420n * unit)
  expect(roundDown(7n * unit / 100n)).toBe(7n * unit / 100n)
  expect(roundDown(7n * unit / 10_000n)).toBe(unit / 100n)
  expect(roundUp(34n * unit)).toBe(34n * unit)
})
