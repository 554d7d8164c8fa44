import { readFileSync } from 'node:fs'
import OpenAI, { type APIError } from 'openai'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { amountOf, formatAmount, type Amount } from '../../src/base/money.ts'
import { barriers, hearComplaints, launchBrowser } from '../support/browser.ts'
import { startProduct, type Product } from '../support/product.ts'

/*
 * Explore in a real browser, by keyboard alone, over calls of a small company made through the gateway. The tests are one
 * visit: each goes on where the one before ended.
 */

let product: Product
let browser: Browser
let context: BrowserContext
let page: Page
let complaints: readonly string[]

const patient = { timeout: 20_000, interval: 100 }
const company = [
  { unit: 'Retail', team: 'Search', app: 'Rerank', workflow: 'answer-query', models: ['gpt-4o', 'gpt-4.1'] },
  { unit: 'Retail', team: 'Search', app: 'Rewrite', workflow: 'rewrite-query', models: ['gpt-4o-mini'] },
  { unit: 'Retail', team: 'Checkout', app: 'Fraud', workflow: 'screen-order', models: ['gpt-4.1-mini', 'a-model-of-our-own'] },
  { unit: 'Platform', team: 'Tools', app: 'Review', workflow: '', models: ['gpt-4o', 'gpt-4o-mini'] },
] as const
const made: { readonly app: string; readonly cost: Amount }[] = []
const spent = (...apps: readonly string[]): Amount => made.filter((call) => apps.length === 0 || apps.includes(call.app)).reduce((sum, call) => sum + call.cost, 0n)

async function api<Answer>(method: string, path: string, body?: object): Promise<Answer> {
  const session = await (await context.request.get(`${product.consoleUrl}/api/v1/session`)).json() as { csrf: string }
  const answer = await context.request.fetch(product.consoleUrl + path, { method, headers: { 'x-csrf-token': session.csrf }, ...(body === undefined ? {} : { data: body }) })
  if (!answer.ok()) throw new Error(`${method} ${path} answered ${answer.status()}: ${await answer.text()}`)
  return await answer.json() as Answer
}

const nodeIds = new Map<string, string>()
async function nodeOf(kind: 'unit' | 'team' | 'app', name: string, parentId: string): Promise<string> {
  const known = nodeIds.get(name) ?? (await api<{ id: string }>('POST', '/api/v1/nodes', { kind, name, parentId })).id
  nodeIds.set(name, known)
  return known
}

/** Every model of every app once, through the gateway, with the SDK as it comes. */
async function callAll(): Promise<void> {
  const { rows } = await api<{ rows: { id: string; kind: string }[] }>('GET', '/api/v1/nodes')
  const org = rows.find((node) => node.kind === 'org')!.id
  for (const { unit, team, app, workflow, models } of company) {
    const appId = await nodeOf('app', app, await nodeOf('team', team, await nodeOf('unit', unit, org)))
    const { secret } = await api<{ secret: string }>('POST', '/api/v1/keys', { appId, name: app })
    const client = new OpenAI({ apiKey: secret, baseURL: `${product.gatewayUrl}/v1`, maxRetries: 0, defaultHeaders: workflow === '' ? {} : { 'x-tollgate-workflow': workflow } })
    for (const model of models) {
      const ask = () => client.chat.completions.create({ model, max_tokens: 60, messages: [{ role: 'user', content: `Who pays for ${app}?` }] }).withResponse()
      // A gateway hears of a new key within two seconds; until then it refuses it and records nothing.
      await expect.poll(() => ask().then(({ response }) => { made.push({ app, cost: amountOf((response.headers.get('x-tollgate-cost') ?? '0 USD').replace(/ USD$/, '')) }); return 200 }, (error: unknown) => (error as APIError).status), patient).toBe(200)
    }
  }
}

beforeAll(async () => {
  ;[product, browser] = await Promise.all([startProduct(), launchBrowser()])
  context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: 'light', reducedMotion: 'reduce', acceptDownloads: true })
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: product.consoleUrl })
  page = await context.newPage()
  page.setDefaultTimeout(20_000)
  complaints = hearComplaints(page)
  await page.goto(product.signInLink!)
  await page.getByRole('heading', { level: 1 }).waitFor()
})
afterAll(async () => {
  await browser?.close()
  await product?.stop()
})

const search = (): Record<string, string> => Object.fromEntries(new URL(page.url()).searchParams)
const grid = () => page.locator('[data-rows]')
const rows = () => grid().locator('[data-row]')
const ready = (): Promise<void> => page.locator('[aria-busy=true]').waitFor({ state: 'detached' })
const focusedName = (): Promise<string> => page.evaluate("(document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '').trim()") as Promise<string>
/** Goes on with Tab until something of this name has the focus. */
async function tabTo(name: RegExp): Promise<void> {
  for (let tabs = 0; tabs < 60; tabs += 1) {
    if (name.test(await focusedName())) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`Nothing named ${String(name)} can be reached with Tab; the focus is on "${await focusedName()}".`)
}
/** Exact figure of the title inside a cell, "0.0042 USD". */
const titled = async (cells: readonly string[]): Promise<Amount> => cells.map((title) => amountOf(title.replace(/ USD$/, '').replaceAll(',', ''))).reduce((sum, amount) => sum + amount, 0n)
const titlesIn = async (selector: string): Promise<readonly string[]> => (await page.locator(selector).evaluateAll((found) => found.map((cell) => cell.getAttribute('title') ?? ''))).filter((title) => title.endsWith(' USD'))
const headline = async (): Promise<Amount> => titled(await titlesIn('[data-headline] [title]'))
/** The measure's column of the first level, and its total. */
const listed = async (): Promise<Amount> => titled(await titlesIn('[data-row][aria-level="1"] > :nth-child(2) [title], [data-row]:not([aria-level]) > :nth-child(2) [title]'))
const total = async (): Promise<Amount> => titled(await titlesIn('[data-totals] > :nth-child(2) [title]'))

test('a small company calls', async () => {
  await callAll()
  const now = Date.now()
  await expect.poll(async () => (await api<{ totals: { calls: number } }>('POST', '/api/v1/query', { measures: ['calls'], fromMs: now - 3_600_000, toMs: now + 3_600_000 })).totals.calls, patient).toBe(made.length)
})

describe('by keyboard alone', () => {
  test('g e opens it, with the whole company', async () => {
    await page.keyboard.press('g')
    await page.keyboard.press('e')
    await page.getByRole('heading', { name: 'Explore', exact: true }).waitFor()
    await rows().first().waitFor()
    expect(await rows().count()).toBe(2)
    for (const figure of [headline, listed, total]) expect(await figure()).toBe(spent())
    expect(await grid().textContent()).toContain('unpriced calls')
  })

  test('a group opens in place, and its lines add up to it', async () => {
    await tabTo(/^Cost by business unit, then team$/)
    await page.keyboard.press('Home')
    const first = rows().first()
    await page.keyboard.press('ArrowRight')
    expect(await first.getAttribute('aria-expanded')).toBe('true')
    const inner = await titled(await titlesIn('[data-row][aria-level="2"] > :nth-child(2) [title]'))
    expect(inner).toBe(await titled((await first.locator('> :nth-child(2) [title]').evaluateAll((found) => found.map((cell) => cell.getAttribute('title') ?? '')))))
    await page.keyboard.press('ArrowLeft')
    expect(await first.getAttribute('aria-expanded')).toBe('false')
  })

  test('the grouping changes, and back brings the one before', async () => {
    await page.evaluate("document.getElementById('content').focus()")
    await tabTo(/^by\s*Business unit/)
    await page.keyboard.press('Enter')
    await page.getByRole('combobox').waitFor()
    await page.keyboard.type('model')
    await page.keyboard.press('Enter')
    await expect.poll(() => search()['by'], patient).toBe('model,team')
    await page.getByRole('treegrid', { name: /^Cost by model/ }).waitFor()
    await ready()
    expect(await listed()).toBe(spent())
    await page.goBack()
    await page.getByRole('treegrid', { name: /^Cost by business unit/ }).waitFor()
    expect(search()['by']).toBeUndefined()
  })

  test('/ filters by typing', async () => {
    await page.keyboard.press('/')
    await page.getByRole('dialog', { name: 'Add a filter' }).waitFor()
    await page.keyboard.type('model')
    await page.keyboard.press('Enter')
    await page.getByRole('radio', { name: 'is not', exact: true }).waitFor()
    await page.getByRole('option', { name: /gpt-4o-mini/ }).waitFor()
    await tabTo(/^Find Model/)
    await page.keyboard.type('gpt-4o-mini')
    await page.keyboard.press('Enter')
    await expect.poll(() => search()['model'] ?? '', patient).toContain('gpt-4o-mini')
    await page.keyboard.press('Escape')
    await ready()
    expect(await headline()).toBe(await listed())
    expect(await headline()).toBeLessThan(spent())
    await page.goBack()
    await expect.poll(() => search()['model'], patient).toBeUndefined()
  })

  test('rows lead down to the calls, and back up', async () => {
    await ready()
    await page.evaluate("document.getElementById('content').focus()")
    await tabTo(/^Cost by business unit, then team$/)
    await page.keyboard.press('Home')
    const unit = (await rows().first().textContent())!.includes('Retail') ? 0 : 1
    if (unit === 1) await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.getByRole('grid', { name: /^Cost by team/ }).waitFor()
    expect(search()).toEqual({ unit: nodeIds.get('Retail'), by: 'team' })
    await ready()
    expect(await headline()).toBe(spent('Rerank', 'Rewrite', 'Fraud'))
    const teams = await rows().allTextContents()
    await page.keyboard.press('Home')
    if (!teams[0]!.includes('Search')) await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.getByRole('grid', { name: /^Cost by app/ }).waitFor()
    await ready()
    expect(await listed()).toBe(spent('Rerank', 'Rewrite'))
    const apps = await rows().allTextContents()
    await page.keyboard.press('Home')
    if (!apps[0]!.includes('Rerank')) await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.getByRole('grid', { name: /^Cost by workflow/ }).waitFor()
    await ready()
    expect(await total()).toBe(spent('Rerank'))
    expect(await page.getByRole('navigation', { name: 'Narrowed to' }).textContent()).toContain('Rerank')
    await page.keyboard.press('Home')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Calls', exact: true }).waitFor()
    await page.locator('[role=row][id^="call-"]').first().waitFor()
    expect(await page.locator('[role=row][id^="call-"]').count()).toBe(2)
    expect(search()).toMatchObject({ app: nodeIds.get('Rerank'), workflow: 'answer-query' })
    await page.goBack()
    await page.getByRole('grid', { name: /^Cost by workflow/ }).waitFor()
    await tabTo(/^Cost by workflow$/)
    await page.keyboard.press('Backspace')
    await page.getByRole('grid', { name: /^Cost by app/ }).waitFor()
    expect(search()['app']).toBeUndefined()
  })

  test('the export has exactly what is charted', async () => {
    await ready()
    await page.evaluate("document.getElementById('content').focus()")
    await tabTo(/^Export$/)
    await page.keyboard.press('Enter')
    await page.getByRole('menuitem', { name: /CSV, as charted/ }).waitFor()
    const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')])
    const [head = '', ...lines] = readFileSync((await download.path())!, 'utf8').trim().split('\r\n')
    const place = head.split(',').indexOf('cost')
    const costs = lines.map((line) => amountOf(line.split(',')[place] || '0'))
    expect(costs.at(-1)).toBe(spent('Rerank', 'Rewrite'))
    expect(costs.slice(0, -1).reduce((sum, cost) => sum + cost, 0n)).toBe(costs.at(-1))
    expect(await headline()).toBe(costs.at(-1))
  })

  test('the API call that is copied answers with the figures of the page', async () => {
    await page.evaluate("document.getElementById('content').focus()")
    await tabTo(/^Copy as API call$/)
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog', { name: 'This page as an API call' })
    await dialog.getByText('Copied.').waitFor()
    const copied = await page.evaluate('navigator.clipboard.readText()') as string
    expect(copied).toContain(`curl -sS ${product.consoleUrl}/api/v1/query`)
    expect(await dialog.getByLabel('API call', { exact: true }).textContent()).toBe(copied)
    const body = JSON.parse(/-d '([\s\S]+)'$/.exec(copied)![1]!) as object
    const answer = await api<{ totals: { cost: string }; rows: { values: { cost: string | null } }[] }>('POST', '/api/v1/query', body)
    expect(answer.totals.cost).toBe(formatAmount(await headline()))
    expect(formatAmount(answer.rows.reduce((sum, row) => sum + amountOf(row.values.cost ?? '0'), 0n))).toBe(answer.totals.cost)
    expect(await barriers(page)).toEqual([])
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    expect(await focusedName()).toBe('Copy as API call')
  })

  test('the chart reads by keyboard, and its data table adds up to the lines below', async () => {
    await page.goto(`${product.consoleUrl}/explore?by=team&range=7d`)
    await rows().first().waitFor()
    await tabTo(/^Cost by team, day by day, chart/)
    await page.keyboard.press('End')
    expect(await page.getByRole('region', { name: 'Cost by team', exact: true }).getByRole('status').textContent()).toContain('so far')
    await page.getByRole('radio', { name: 'Data table' }).click()
    const charted = await titled(await titlesIn('tbody tr td:nth-last-child(2) [title]'))
    expect([charted, await listed(), await total()]).toEqual([spent(), spent(), spent()])
  })
})

describe('for everyone, everywhere', () => {
  const places = ['/explore', '/explore?by=model&range=24h&measure=cost_per_call', '/explore?grain=none&by=app', '/explore?team=nobody'] as const
  test.each(places)('%s: no barrier in either theme, nothing wider than a phone', async (path) => {
    for (const [theme, width] of [['light', 1440], ['dark', 1440], ['dark', 390], ['light', 390]] as const) {
      await page.setViewportSize({ width, height: 844 })
      await page.evaluate(`localStorage.setItem('tollgate.theme', '${theme}')`)
      await page.goto(product.consoleUrl + path)
      await page.locator('[data-row], main p:text("No calls match")').first().waitFor()
      expect(await barriers(page)).toEqual([])
      expect(await page.evaluate('document.documentElement.scrollWidth > innerWidth')).toBe(false)
    }
  })

  test('the palette leads to a team, and the browser had nothing to complain about', async () => {
    await page.setViewportSize({ width: 1440, height: 900 })
    await page.goto(`${product.consoleUrl}/`)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.keyboard.press('Control+k')
    await page.keyboard.type('team checkout')
    await page.getByRole('option', { name: /Checkout/ }).waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Explore', exact: true }).waitFor()
    expect(search()['team']).toBe(nodeIds.get('Checkout'))
    await rows().first().waitFor()
    expect(await headline()).toBe(spent('Fraud'))
    expect(complaints).toEqual([])
  })
})
