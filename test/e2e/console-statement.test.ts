import OpenAI from 'openai'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Statement } from '../../src/api/contract/contract.ts'
import { barriers, hearComplaints, launchBrowser } from '../support/browser.ts'
import { startProduct, type Product } from '../support/product.ts'

/* The statement page in a real browser: what it shows is what the API says, on screen, on paper and in the file. */

let product: Product
let browser: Browser
let context: BrowserContext
let page: Page
let complaints: readonly string[]
let statement: Statement
const zone = 'Europe/Berlin'

beforeAll(async () => {
  ;[product, browser] = await Promise.all([startProduct(), launchBrowser()])
  context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: 'dark', reducedMotion: 'reduce', timezoneId: zone, permissions: ['clipboard-read', 'clipboard-write'] })
  page = await context.newPage()
  page.setDefaultTimeout(20_000)
  complaints = hearComplaints(page)
  await page.goto(product.signInLink!)
  await page.locator('main').waitFor()
  const client = new OpenAI({ apiKey: product.firstKey!, baseURL: `${product.gatewayUrl}/v1`, maxRetries: 0 })
  const messages = [{ role: 'user' as const, content: 'Who pays for this?' }]
  await client.chat.completions.create({ model: 'gpt-4o-mini', max_tokens: 60, messages }, { headers: { 'x-tollgate-workflow': 'month-end' } })
  await client.chat.completions.create({ model: 'my-private-model', max_tokens: 20, messages })
})
afterAll(async () => {
  await browser?.close()
  await product?.stop()
})

const api = async <Answer>(path: string): Promise<Answer> => await (await context.request.get(product.consoleUrl + path)).json() as Answer
const document = () => page.getByRole('article')
const cell = (table: string, row: string) => page.getByRole('region', { name: table }).getByRole('row').filter({ has: page.getByRole('rowheader', { name: row, exact: true }) })

describe('statement', () => {
  test('opens with the whole organisation and the month that runs, and says what is not priced', async () => {
    const root = (await api<{ rows: { id: string }[] }>('/api/v1/nodes')).rows[0]!.id
    await expect.poll(async () => {
      statement = await api<Statement>(`/api/v1/statements?node=${root}&zone=${zone}`)
      return [statement.totals.calls, statement.totals.unpricedCalls]
    }, { timeout: 20_000 }).toEqual([2, 1])
    await page.goto(`${product.consoleUrl}/statement`)
    await document().getByRole('heading', { name: statement.organisation.name }).waitFor()
    expect(await document().textContent()).toContain('Month so far')
    expect(await page.getByRole('region', { name: 'Notes' }).textContent()).toMatch(/openai\/my-private-model \(1 call,.*nothing priced\)/)
    expect(await cell('By model', 'my-private-model').textContent()).toContain('unpriced')
    expect(await cell('By model', 'Total').textContent()).toContain('*')
    expect(await cell('By workflow', 'month-end').count()).toBe(1)
    expect(await barriers(page)).toEqual([])
  })

  test('shows in every table the total that the API gives', async () => {
    for (const table of ['By business unit', 'By team', 'By app', 'By workflow', 'By model', 'By cost centre']) {
      const titles = await Promise.all((await cell(table, 'Total').locator('td [title$=" USD"]').all()).map((each) => each.getAttribute('title')))
      expect(titles.slice(0, 2), table).toEqual([`${statement.totals.listCost} USD`, `${statement.totals.cost} USD`])
    }
  })

  test('another team and month are in the address, and the address opens them', async () => {
    await page.getByRole('button', { name: statement.organisation.name }).first().click()
    await page.getByRole('combobox', { name: 'Find Team or app' }).fill('Platform')
    await page.getByRole('option').first().click()
    await document().getByRole('heading', { name: 'Platform' }).waitFor()
    await page.getByRole('button', { name: 'Month before' }).click()
    await document().getByText('Nothing was used').waitFor()
    expect(new URL(page.url()).searchParams.get('month')).toMatch(/^20\d\d-\d\d$/)
    await page.getByRole('button', { name: 'Copy link' }).click()
    const link = await page.evaluate('navigator.clipboard.readText()') as string
    expect(new URL(link).searchParams.get('zone')).toBe(zone)
    await page.goto(link)
    await document().getByRole('heading', { name: 'Platform' }).waitFor()
    await page.getByRole('button', { name: 'Month after' }).click()
    await page.getByRole('region', { name: 'Totals' }).waitFor()
    expect(await page.getByRole('button', { name: 'Month after' }).isDisabled()).toBe(true)
  })

  test('its file adds up to the figure on the page', async () => {
    const href = await page.getByRole('link', { name: 'CSV' }).getAttribute('href')
    const [head = '', ...rows] = (await (await context.request.get(product.consoleUrl + href!)).text()).trimEnd().split('\r\n')
    const column = head.split(',').indexOf('EffectiveCost')
    const shown = await page.getByRole('region', { name: 'Totals' }).locator('.text-display [title]').getAttribute('title')
    expect(`${rows.at(-1)!.split(',')[column]} USD`).toBe(shown)
  })

  test('on paper it is light, and nothing but the document', async () => {
    expect(await page.locator('html').getAttribute('data-theme')).toBe('dark')
    await page.emulateMedia({ media: 'print' })
    // At once: a printer does not wait for colours to arrive.
    expect(await page.evaluate('getComputedStyle(document.querySelector("article")).backgroundColor')).toBe('rgb(255, 255, 255)')
    expect(await page.evaluate('getComputedStyle(document.querySelector("article h2")).color')).toBe('rgb(22, 24, 29)')
    expect(await page.getByRole('navigation').count()).toBe(0)
    expect(await page.getByRole('button').count()).toBe(0)
    expect((await page.pdf({ preferCSSPageSize: true })).subarray(0, 5).toString()).toBe('%PDF-')
    await page.emulateMedia({ media: 'screen' })
  })

  test('fits a phone', async () => {
    await page.setViewportSize({ width: 390, height: 844 })
    expect(await page.evaluate('document.documentElement.scrollWidth > innerWidth')).toBe(false)
    expect(await barriers(page)).toEqual([])
    expect(complaints).toEqual([])
  })
})
