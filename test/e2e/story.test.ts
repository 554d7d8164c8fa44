import type { Browser, BrowserContext, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { amountOf, formatAmount, type Amount } from '../../src/base/money.ts'
import { hearComplaints, launchBrowser } from '../support/browser.ts'
import { startProduct, type Product } from '../support/product.ts'

/*
 * Somebody who has read nothing asks, from Overview on: which team overspent, which workflow caused it, which call was the
 * dearest, and why it cost that. The answers are worked out from the records first, one by one, apart from everything the
 * console asks for; then they are looked for with what is visible, by mouse and by keyboard. No address is typed.
 */

interface Line { readonly component: string; readonly quantity: number; readonly rate: string; readonly per: number; readonly amount: string; readonly entryId: string }
interface Row { readonly eventId: string; readonly at: number; readonly kind: string; readonly cost: string | null; readonly caller: { readonly teamId: string }; readonly attribution: { readonly workflow: string } }
interface Budget { readonly name: string; readonly limit: string; readonly measure: string; readonly per: readonly string[]; readonly selector: { readonly nodeId?: string }; readonly windows: readonly { readonly startMs: number }[] }
interface Answers { readonly budget: Budget; readonly team: string; readonly overspent: Amount; readonly workflow: string; readonly workflowCost: Amount; readonly dearest: Row }

let product: Product
let browser: Browser
let context: BrowserContext
let page: Page
let complaints: readonly string[]
let answers: Answers

beforeAll(async () => {
  ;[product, browser] = await Promise.all([startProduct({ companySeed: 41 }), launchBrowser()])
  context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: 'light', reducedMotion: 'reduce' })
  page = await context.newPage()
  page.setDefaultTimeout(20_000)
  complaints = hearComplaints(page)
  await page.goto(product.signInLink!)
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
  answers = await workOut()
})
afterAll(async () => {
  await browser?.close()
  await product?.stop()
})

async function get<Answer>(path: string): Promise<Answer> {
  const answer = await context.request.get(product.consoleUrl + path)
  if (!answer.ok()) throw new Error(`GET ${path} answered ${answer.status()}: ${await answer.text()}`)
  return await answer.json() as Answer
}

const costOf = (row: Row): Amount => (row.kind === 'refusal' || row.cost === null ? 0n : amountOf(row.cost))
const sumOf = (rows: readonly Row[]): Amount => rows.reduce((sum, row) => sum + costOf(row), 0n)

async function recordsSince(fromMs: number): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (let cursor: string | null = '', toMs = Date.now(); cursor !== null;) {
    const page: { rows: Row[]; next: string | null } = await get(`/api/v1/records?fromMs=${fromMs}&toMs=${toMs}&limit=500${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`)
    rows.push(...page.rows)
    cursor = page.next
  }
  return rows
}

/** From the records of the month, with loops and additions. */
async function workOut(): Promise<Answers> {
  const nodes = (await get<{ rows: { id: string; kind: string; name: string }[] }>('/api/v1/nodes')).rows
  const budgets = (await get<{ rows: Budget[] }>('/api/v1/budgets?limit=200')).rows
  const ofTeams = budgets.filter(({ measure, per, selector, windows }) => measure === 'cost' && per.length === 0 && windows.length > 0 && nodes.some(({ id, kind }) => id === selector.nodeId && kind === 'team'))
  const records = await recordsSince(Math.min(...ofTeams.map((budget) => budget.windows[0]!.startMs)))
  const usedIn = (budget: Budget): readonly Row[] => records.filter((row) => row.caller.teamId === budget.selector.nodeId && row.at >= budget.windows[0]!.startMs)
  const over = ofTeams.filter((budget) => sumOf(usedIn(budget)) > amountOf(budget.limit))
  expect(over).toHaveLength(1)
  const [budget] = over as [Budget]
  const used = usedIn(budget)
  const sums = [...new Set(used.map((row) => row.attribution.workflow))].map((name) => ({ name, cost: sumOf(used.filter((row) => row.attribution.workflow === name)) }))
  const { name: workflow, cost: workflowCost } = sums.reduce((most, each) => (each.cost > most.cost ? each : most))
  const rows = used.filter((row) => row.attribution.workflow === workflow)
  const dearest = rows.reduce((most, row) => (costOf(row) > costOf(most) ? row : most))
  return { budget, team: nodes.find(({ id }) => id === budget.selector.nodeId)!.name, overspent: sumOf(used) - amountOf(budget.limit), workflow, workflowCost, dearest }
}

/** The exact figure behind a shown one. */
const exactIn = async (place: Locator): Promise<Amount> => amountOf((await place.locator('[title$=" USD"]').first().getAttribute('title'))!.replace(/ USD$/, '').replaceAll(',', ''))
/** The company goes on calling: a figure read now is that of a moment ago or a little more. */
async function expectGrownFrom(place: Locator, before: Amount): Promise<void> {
  const shown = await exactIn(place)
  expect(shown >= before && shown < before + before / 10n, `${formatAmount(shown)}, worked out as ${formatAmount(before)} a moment before`).toBe(true)
}

const overspent = (): Locator => page.getByRole('region', { name: 'Budgets', exact: true }).getByRole('link', { name: / over \$/ })
const makers = (): Locator => page.getByRole('dialog', { name: 'Budget' }).getByRole('region', { name: 'What used it' })
const maker = (): Locator => makers().getByRole('link').first()
const calls = (): Locator => page.getByRole('grid', { name: 'Calls' })

async function atOverview(): Promise<void> {
  await expect.poll(() => overspent().count(), { timeout: 20_000 }).toBe(1)
  expect(await overspent().textContent()).toContain(answers.team)
  expect(await overspent().textContent()).toContain(answers.budget.name)
  await expectGrownFrom(overspent(), answers.overspent)
}

async function atWorkflows(): Promise<void> {
  await makers().getByRole('link', { name: answers.workflow }).waitFor()
  expect(await maker().textContent()).toContain(answers.workflow)
  await expectGrownFrom(maker(), answers.workflowCost)
}

async function atCalls(): Promise<void> {
  await page.getByRole('heading', { level: 1, name: 'Calls' }).waitFor()
  await calls().getByRole('columnheader', { name: 'Cost' }).waitFor()
  expect(await calls().getByRole('columnheader', { name: 'Cost' }).getAttribute('aria-sort')).toBe('descending')
  for (const chip of [`Team ${answers.team}`, `Workflow ${answers.workflow}`]) await page.getByRole('button', { name: chip, exact: true }).waitFor()
  expect(await exactIn(calls().getByRole('row').nth(1))).toBe(amountOf(answers.dearest.cost!))
}

/** The open call is the dearest one, and says why it cost that: each line is multiplied out here, from what the page shows. */
async function atDearest(): Promise<void> {
  const why = page.getByRole('dialog', { name: 'Call' }).getByRole('region', { name: 'Cost lines' })
  await why.getByText('Recomputed, equal').waitFor()
  const { lines, eventId } = await get<{ eventId: string; lines: Line[] }>(`/api/v1/records/${answers.dearest.eventId}`)
  expect(new URL(page.url()).searchParams.get('event')).toBe(eventId)
  const shown = await why.getByRole('listitem').allInnerTexts()
  expect(shown).toHaveLength(lines.length)
  let sum = 0n
  for (const [index, line] of lines.entries()) {
    const text = shown[index]!
    const [, quantity, rate, per] = /([\d,]+) \w+ × ([\d.]+) USD ÷ ([\d,]+)/.exec(text)!.map((part) => part.replaceAll(',', ''))
    const amount = (BigInt(quantity!) * amountOf(rate!)) / BigInt(per!)
    expect([text.toLowerCase().startsWith(line.component.replaceAll('_', ' ')), Number(quantity), rate, Number(per), text.includes(line.entryId)]).toEqual([true, line.quantity, line.rate, line.per, true])
    expect(amountOf(/\d+\.\d{15}/.exec(text)![0])).toBe(amount)
    expect(formatAmount(amount)).toBe(line.amount)
    sum += amount
  }
  expect(formatAmount(sum)).toBe(answers.dearest.cost)
  expect(amountOf(/\d+\.\d{15}/.exec((await why.getByText('Total', { exact: true }).locator('..').innerText()))![0])).toBe(sum)
}

describe('from Overview to why a call cost what it cost', () => {
  test('by mouse', async () => {
    await atOverview()
    await overspent().click()
    await makers().getByRole('radio', { name: 'Workflows' }).click()
    await atWorkflows()
    await maker().click()
    await atCalls()
    await calls().getByRole('row').nth(1).click()
    await atDearest()
    expect(complaints).toEqual([])
  })

  const focused = (): Promise<string> => page.evaluate("document.activeElement.matches('a, button, [tabindex=\"0\"]') ? (document.activeElement.ariaLabel ?? document.activeElement.textContent).trim() : ''") as Promise<string>
  async function tabTo(name: RegExp): Promise<void> {
    for (let tabs = 0; tabs < 60; tabs += 1) {
      if (name.test(await focused())) return
      await page.keyboard.press('Tab')
    }
    throw new Error(`Nothing named ${String(name)} can be reached with Tab; the focus is on "${await focused()}".`)
  }

  test('by keyboard', async () => {
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.keyboard.press('g')
    await page.keyboard.press('o')
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
    await atOverview()
    await tabTo(/ over \$/)
    await page.keyboard.press('Enter')
    await makers().waitFor()
    await tabTo(/^Apps$/)
    await page.keyboard.press('ArrowRight')
    await expect.poll(focused).toBe('Workflows')
    await page.keyboard.press('Space')
    await atWorkflows()
    await tabTo(new RegExp(`^${answers.workflow}`))
    await page.keyboard.press('Enter')
    await atCalls()
    await tabTo(/^Calls$/)
    // The page's own link in the navigation bears the same name.
    while (await page.evaluate("document.activeElement.getAttribute('role')") !== 'grid') await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await atDearest()
    expect(complaints).toEqual([])
  })
})
