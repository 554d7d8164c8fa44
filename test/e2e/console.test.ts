import OpenAI, { APIError } from 'openai'
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { amountOf, formatAmount, type Amount } from '../../src/base/money.ts'
import { barriers, hearComplaints, launchBrowser } from '../support/browser.ts'
import { startProduct, type Product } from '../support/product.ts'

/*
 * The console in a real browser, on the product as a person starts it, with calls by the unmodified `openai` package.
 * The tests are one visit: each goes on where the one before ended.
 */

let product: Product
let browser: Browser
let context: BrowserContext
let page: Page
let complaints: readonly string[]
let client: OpenAI

beforeAll(async () => {
  ;[product, browser] = await Promise.all([startProduct(), launchBrowser()])
  context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: 'light', reducedMotion: 'reduce' })
  page = await context.newPage()
  page.setDefaultTimeout(20_000)
  complaints = hearComplaints(page)
  client = new OpenAI({ apiKey: product.firstKey!, baseURL: `${product.gatewayUrl}/v1`, maxRetries: 0 })
})
afterAll(async () => {
  await browser?.close()
  await product?.stop()
})

const patient = { timeout: 20_000, interval: 100 }
const messages = [{ role: 'user' as const, content: 'Which team pays for this sentence?' }]
const tools = [{ type: 'function' as const, function: { name: 'lookup', parameters: { type: 'object', properties: { id: { type: 'string' } } } } }]

/** Event id and cost of every call that was made, in whole 1e-15 USD; null = unpriced. */
const made: { readonly name: string; readonly eventId: string; cost: Amount | null }[] = []
const madeAs = (name: string): { readonly eventId: string; readonly cost: Amount | null } => made.find((call) => call.name === name)!

async function api<Answer>(method: string, path: string, body?: object): Promise<Answer> {
  const session = await (await context.request.get(`${product.consoleUrl}/api/v1/session`)).json() as { csrf: string }
  const answer = await context.request.fetch(product.consoleUrl + path, { method, headers: { 'x-csrf-token': session.csrf }, ...(body === undefined ? {} : { data: body }) })
  if (!answer.ok()) throw new Error(`${method} ${path} answered ${answer.status()}: ${await answer.text()}`)
  return await answer.json() as Answer
}

const costHeader = (response: { readonly headers: Headers }): Amount | null => {
  const text = response.headers.get('x-tollgate-cost')
  return text === null ? null : amountOf(text.replace(/ USD$/, ''))
}

async function call(name: string, body: Omit<OpenAI.ChatCompletionCreateParamsNonStreaming, 'messages'>): Promise<void> {
  const { response } = await client.chat.completions.create({ messages, ...body }).withResponse()
  made.push({ name, eventId: response.headers.get('x-tollgate-event-id')!, cost: costHeader(response) })
}

/** A stream's headers leave before its cost is known: that is asked of the record. */
async function streamedCall(name: string): Promise<void> {
  const { data, response } = await client.chat.completions.create({ model: 'gpt-4o', max_tokens: 80, messages, stream: true, stream_options: { include_usage: true } }).withResponse()
  for await (const chunk of data) expect(chunk.id).not.toBe('')
  const eventId = response.headers.get('x-tollgate-event-id')!
  await expect.poll(async () => (await context.request.get(`${product.consoleUrl}/api/v1/records/${eventId}`)).status(), patient).toBe(200)
  made.push({ name, eventId, cost: amountOf((await api<{ cost: string }>('GET', `/api/v1/records/${eventId}`)).cost) })
}

const spent = (): Amount => made.reduce((sum, each) => sum + (each.cost ?? 0n), 0n)
const headline = (): Locator => page.getByRole('region', { name: 'Spend, month to date' }).locator('.text-display [title]')
const rowOf = (eventId: string): Locator => page.locator(`[role=row][id="call-${eventId}"]`)
const drawer = (): Locator => page.getByRole('dialog', { name: 'Call' })
const theme = (): Promise<string | null> => page.locator('html').getAttribute('data-theme')
const overflows = (on: Page): Promise<boolean> => on.evaluate('document.documentElement.scrollWidth > innerWidth') as Promise<boolean>

async function openDrawer(eventId: string): Promise<void> {
  await page.goto(`${product.consoleUrl}/calls?event=${eventId}`)
  await drawer().getByText('When', { exact: true }).waitFor()
}

describe('sign-in and the first call', () => {
  test('the one-time link signs in, leaves the address bar, and shows how to make the first call', async () => {
    await page.goto(product.signInLink!)
    await page.getByRole('heading', { name: 'Make your first call' }).waitFor()
    expect(page.url()).toBe(`${product.consoleUrl}/`)
    expect(await page.getByLabel('First call in curl', { exact: true }).textContent()).toContain(`${product.gatewayUrl}/v1/chat/completions`)
    expect(await page.locator('main').textContent()).toContain('first-key')
    expect(await page.getByText('Demo data').first().isVisible()).toBe(true)
    expect(await barriers(page)).toEqual([])
  })

  test('the link works once', async () => {
    const other = await browser.newContext()
    const late = await other.newPage()
    await late.goto(product.signInLink!)
    await late.getByRole('alert').waitFor()
    expect(await late.getByRole('heading', { name: 'Sign in to Tollgate' }).isVisible()).toBe(true)
    expect(await barriers(late)).toEqual([])
    await other.close()
  })

  test('the page turns into the Overview by itself when the first call arrives', async () => {
    await api('POST', '/api/v1/budgets', { name: 'All spend', limit: '5', hard: false })
    await call('plain', { model: 'gpt-4o-mini', max_tokens: 60 })
    await page.getByRole('heading', { name: 'Overview', exact: true }).waitFor()
    expect(await headline().getAttribute('title')).toBe(`${formatAmount(madeAs('plain').cost!)} USD`)
  })
})

describe('figures', () => {
  test('the tail shows calls as they end', async () => {
    await page.goto(`${product.consoleUrl}/calls`)
    await page.getByRole('button', { name: 'Live' }).waitFor()
    await call('tools', { model: 'gpt-4.1', max_tokens: 90, tools })
    await rowOf(madeAs('tools').eventId).waitFor()
    await call('reasoning', { model: 'gpt-5-mini', max_completion_tokens: 400 })
    await streamedCall('streamed')
    await call('unpriced', { model: 'my-private-model', max_tokens: 20 })
    for (const { eventId } of made) await rowOf(eventId).waitFor()
    expect(await rowOf(madeAs('unpriced').eventId).textContent()).toContain('unpriced')
  })

  test('headline, budget and count are exactly what the calls said', async () => {
    expect(made.filter((each) => each.cost === null).map((each) => each.name)).toEqual(['unpriced'])
    await expect.poll(async () => {
      await page.goto(product.consoleUrl)
      return headline().getAttribute('title')
    }, patient).toBe(`${formatAmount(spent())} USD`)
    const spend = page.getByRole('region', { name: 'Spend, month to date' })
    expect(await spend.getByText('Calls', { exact: true }).locator('xpath=../dd').textContent()).toBe(String(made.length))
    const budgets = page.getByRole('region', { name: 'Budgets', exact: true })
    expect(await budgets.getByText('Committed').locator('xpath=../dd/span').getAttribute('title')).toBe(`${formatAmount(spent())} USD`)
    const split = spend.getByRole('radio', { name: 'Model', exact: true })
    await split.click()
    await spend.getByRole('listitem').filter({ hasText: 'gpt-4.1' }).waitFor()
  })

  test('the chart reads by keyboard, and its data table adds up', async () => {
    const spend = page.getByRole('region', { name: 'Spend, month to date' })
    await spend.getByRole('group', { name: /Spend per day/ }).focus()
    await page.keyboard.press('End')
    expect(await spend.getByRole('status').textContent()).toContain('so far')
    await spend.getByRole('radio', { name: 'Data table' }).click()
    const cells = await spend.locator('tbody tr').first().locator('td [title]').evaluateAll((found) => found.map((cell) => cell.getAttribute('title') ?? ''))
    const amounts = cells.map((title) => amountOf(title.replace(/ USD$/, '')))
    expect(amounts.at(-1)).toBe(spent())
    expect(amounts.slice(0, -1).reduce((sum, amount) => sum + amount, 0n)).toBe(spent())
  })

  test('what has no price is counted apart, one click away', async () => {
    const share = page.getByRole('region', { name: 'Not settled' }).getByRole('link', { name: /^Unpriced/ })
    expect(await share.textContent()).toContain('1 call')
    await share.click()
    await rowOf(madeAs('unpriced').eventId).waitFor()
    expect(await page.getByRole('grid', { name: 'Calls' }).locator('[role=row]').count()).toBe(2)
  })

  test.each(['plain', 'tools', 'reasoning', 'streamed'])('%s: the drawer explains it to the digit', async (name) => {
    const { eventId, cost } = madeAs(name)
    await openDrawer(eventId)
    const lines = drawer().getByRole('region', { name: 'Cost lines' })
    let sum = 0n
    for (const line of await lines.getByRole('listitem').all()) {
      const [, quantity, rate, per] = /^([\d,]+) tokens? × (\S+) USD ÷ ([\d,]+)$/.exec((await line.locator('p').first().textContent())!)!
      const whole = (text: string): bigint => BigInt(text.replaceAll(',', ''))
      const product15 = whole(quantity!) * amountOf(rate!)
      expect(product15 % whole(per!), 'these rates divide evenly').toBe(0n)
      const amount = amountOf((await line.locator('.font-mono').first().textContent())!)
      expect(amount).toBe(product15 / whole(per!))
      sum += amount
    }
    expect(sum).toBe(cost)
    expect(await lines.textContent()).toContain('Recomputed, equal')
    expect(amountOf((await lines.getByText('Total', { exact: true }).locator('xpath=..').locator('.font-mono').textContent())!)).toBe(cost)
    expect(await drawer().getByRole('region', { name: 'Cost', exact: true }).textContent()).toContain(`${formatAmount(cost!)} USD`)
    expect(await drawer().getByRole('region', { name: 'Budgets it counted in' }).textContent()).toContain('All spend')
  })

  test('a refused call shows the budget that refused it, and why', async () => {
    await api('POST', '/api/v1/budgets', { name: 'Nearly nothing', limit: '0.0000001' })
    await expect.poll(async () => {
      const error: unknown = await client.chat.completions.create({ model: 'gpt-4o', max_tokens: 500, messages }).then(() => null, (thrown: unknown) => thrown)
      if (!(error instanceof APIError) || error.status !== 402) return 'served'
      if (!made.some((each) => each.name === 'refused')) made.push({ name: 'refused', eventId: (error.headers as Headers).get('x-tollgate-event-id')!, cost: 0n })
      return error.code
    }, patient).toBe('budget_exceeded')
    const { eventId } = madeAs('refused')
    await expect.poll(async () => (await context.request.get(`${product.consoleUrl}/api/v1/records/${eventId}`)).status(), patient).toBe(200)
    await openDrawer(eventId)
    const why = drawer().getByRole('region', { name: 'Why it was refused' })
    const text = (await why.textContent())!
    for (const words of ['402', 'budget_exceeded', 'Nearly nothing', 'This call needed up to', 'Limit', 'Used then', 'Resets']) expect(text).toContain(words)
    expect(text).not.toContain('All spend')
    expect(await drawer().textContent()).toContain('it cost nothing')
  })
})

describe('by keyboard alone', () => {
  test('filter, rows, drawer and pages', async () => {
    await page.goto(`${product.consoleUrl}/calls`)
    await rowOf(madeAs('refused').eventId).waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('refused')
    await page.getByRole('option', { name: /Refused/ }).waitFor()
    await page.keyboard.press('Enter')
    await rowOf(madeAs('plain').eventId).waitFor({ state: 'detached' })
    expect(new URL(page.url()).searchParams.get('status')).toBe('refused')
    await page.goto(`${product.consoleUrl}/calls`)
    await rowOf(madeAs('plain').eventId).waitFor()
    const isGrid = (): Promise<boolean> => page.evaluate("document.activeElement?.getAttribute('role') === 'grid'") as Promise<boolean>
    for (let tabs = 0; tabs < 40 && !(await isGrid()); tabs += 1) await page.keyboard.press('Tab')
    expect(await isGrid()).toBe(true)
    await page.keyboard.press('End')
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await drawer().waitFor()
    expect(new URL(page.url()).searchParams.get('event')).toBe(madeAs('plain').eventId)
    await page.keyboard.press('Escape')
    await drawer().waitFor({ state: 'detached' })
    await expect.poll(isGrid, patient).toBe(true)
    await page.keyboard.press('g')
    await page.keyboard.press('o')
    await page.getByRole('heading', { name: 'Overview', exact: true }).waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('c')
    await page.getByRole('heading', { name: 'Calls', exact: true }).waitFor()
  })

  test('shortcut sheet, palette and theme', async () => {
    await page.keyboard.press('?')
    const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
    await sheet.waitFor()
    expect(await barriers(page)).toEqual([])
    await page.keyboard.press('Escape')
    await sheet.waitFor({ state: 'detached' })
    expect(await theme()).toBe('light')
    await page.keyboard.press('Meta+k')
    await page.getByRole('dialog', { name: 'Command palette' }).waitFor()
    expect(await barriers(page)).toEqual([])
    await page.keyboard.type('dark')
    await page.keyboard.press('Enter')
    await expect.poll(theme, patient).toBe('dark')
    await page.reload()
    await page.getByRole('heading', { name: 'Calls', exact: true }).waitFor()
    expect(await theme()).toBe('dark')
    await page.keyboard.press('Control+k')
    await page.getByRole('dialog', { name: 'Command palette' }).waitFor()
    await page.keyboard.type(madeAs('tools').eventId)
    await page.keyboard.press('Enter')
    await drawer().waitFor()
    await page.keyboard.press('Escape')
  })
})

describe('for everyone, everywhere', () => {
  const places = [
    ['Overview', () => '/', () => page.getByRole('region', { name: 'Budgets', exact: true })],
    ['Calls', () => '/calls', () => rowOf(madeAs('plain').eventId)],
    ['a call', () => `/calls?event=${madeAs('tools').eventId}`, () => drawer().getByText('When', { exact: true })],
    ['a refusal', () => `/calls?event=${madeAs('refused').eventId}`, () => drawer().getByText('When', { exact: true })],
    ['an address that leads nowhere', () => '/nowhere', () => page.getByText('There is no page at this address.')],
  ] as const

  test.each(places)('%s: no barrier in either theme, nothing wider than a phone', async (_name, path, shown) => {
    for (const [wanted, width] of [['dark', 1440], ['light', 390]] as const) {
      await page.setViewportSize({ width, height: 844 })
      await page.evaluate(`localStorage.setItem('tollgate.theme', '${wanted}')`)
      await page.goto(product.consoleUrl + path())
      await shown().first().waitFor()
      expect(await theme()).toBe(wanted)
      expect(await overflows(page)).toBe(false)
      expect(await barriers(page)).toEqual([])
    }
  })

  test('signing out ends the session, and the browser had nothing to complain about', async () => {
    await page.setViewportSize({ width: 1440, height: 900 })
    await page.goto(product.consoleUrl)
    await page.getByRole('button', { name: /Administrator/ }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in to Tollgate' }).waitFor()
    expect((await context.request.get(`${product.consoleUrl}/api/v1/overview`)).status()).toBe(401)
    await page.goto(`${product.consoleUrl}/calls`)
    await page.getByRole('heading', { name: 'Sign in to Tollgate' }).waitFor()
    expect(complaints).toEqual([])
  })
})
