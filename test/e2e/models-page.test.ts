import OpenAI from 'openai'
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { amountOf, formatAmount } from '../../src/base/money.ts'
import { barriers, hearComplaints, launchBrowser } from '../support/browser.ts'
import { startProduct, type Product } from '../support/product.ts'

/* Models & prices in a real browser, on the product as a person starts it. One visit, test after test. */

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
  await page.goto(product.signInLink!)
  await page.getByRole('navigation', { name: 'Main' }).first().waitFor()
})
afterAll(async () => {
  await browser?.close()
  await product?.stop()
})

const patient = { timeout: 30_000, interval: 200 }
const dialog = (name: string): Locator => page.getByRole('dialog', { name, exact: true })

/** What a call cost by the gateway's header, and what it costs at these prices per million tokens; null = unpriced. */
async function costs(model: string, prices: { readonly input: string; readonly output: string }): Promise<readonly [string | null, string]> {
  const { data, response } = await client.chat.completions.create({ model, max_tokens: 50, messages: [{ role: 'user', content: 'Short.' }] }).withResponse()
  const header = response.headers.get('x-tollgate-cost')
  const { prompt_tokens: input, completion_tokens: output } = data.usage!
  const expected = (BigInt(input) * amountOf(prices.input) + BigInt(output) * amountOf(prices.output)) / 1_000_000n
  return [header === null ? null : formatAmount(amountOf(header.replace(/ USD$/, ''))), formatAmount(expected)]
}

test('a model without a price stands first, with what it was used for', async () => {
  await costs('gpt-4o', { input: '0', output: '0' })
  expect((await costs('house-model', { input: '0', output: '0' }))[0]).toBeNull()
  await expect.poll(async () => {
    await page.goto(`${product.consoleUrl}/models`)
    return page.getByRole('region', { name: 'Without a price' }).getByRole('button', { name: 'house-model' }).waitFor({ timeout: 3_000 }).then(() => true, () => false)
  }, patient).toBe(true)
  await page.getByRole('grid', { name: 'Models in use' }).getByText('gpt-4o', { exact: true }).first().waitFor()
  expect(await barriers(page)).toEqual([])
})

test('one click leads to a form that knows what needs a price; the next call has it', async () => {
  await page.getByRole('button', { name: 'Set a price' }).click()
  const form = dialog('Contract price')
  const output = form.getByLabel('Output text, USD per 1M tokens')
  await output.waitFor()
  await form.getByRole('button', { name: 'Save prices' }).click()
  await form.getByText('Give at least one price.').waitFor()
  await form.getByText('Say where the figure comes from').first().waitFor()
  expect(await barriers(page)).toEqual([])
  await form.getByLabel('Input text, USD per 1M tokens').fill('2')
  await output.fill('8.5')
  await form.getByLabel('Reason').fill('our own cluster')
  await form.getByRole('button', { name: 'Save prices' }).click()
  const sheet = dialog('Model')
  await sheet.getByText('our own cluster').first().waitFor()
  await expect.poll(async () => { const [paid, expected] = await costs('house-model', { input: '2', output: '8.5' }); return paid === expected }, patient).toBe(true)
  await page.goto(`${product.consoleUrl}/models`)
  await page.getByText('history does not move').waitFor()
})

test('a contract price stands beside the list price, and a call pays it until it is ended', async () => {
  await page.getByRole('grid', { name: 'Models in use' }).getByText('gpt-4o', { exact: true }).first().click()
  await dialog('Model').getByRole('button', { name: 'Set contract price' }).click()
  const form = dialog('Contract price')
  await form.getByLabel('Input text, USD per 1M tokens').fill('1.25')
  await form.getByLabel('Output text, USD per 1M tokens').fill('5')
  await form.getByLabel('Reason').fill('agreement 114')
  await form.getByRole('button', { name: 'Save prices' }).click()
  const row = dialog('Model').getByRole('row').filter({ hasText: 'Output text' }).first()
  await row.getByText('50.0% below list').waitFor()
  expect(await barriers(page)).toEqual([])
  await expect.poll(async () => { const [paid, expected] = await costs('gpt-4o', { input: '1.25', output: '5' }); return paid === expected }, patient).toBe(true)
  for (const name of ['Input text', 'Output text']) {
    await dialog('Model').getByRole('row').filter({ hasText: name }).first().getByRole('button', { name: 'End it' }).click()
    await page.getByRole('button', { name: 'End it now' }).click()
    await page.getByRole('dialog', { name: 'End this contract price?' }).waitFor({ state: 'detached' })
    await dialog('Model').getByText('Prices before').waitFor()
  }
  await expect.poll(async () => { const [paid, expected] = await costs('gpt-4o', { input: '2.5', output: '10' }); return paid === expected }, patient).toBe(true)
})

test('a name is explained, and the price book is found by search', async () => {
  await page.goto(`${product.consoleUrl}/models`)
  await page.getByLabel('Model as callers send it').fill('gpt-4o-2024-08-06')
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'openai/gpt-4o' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByLabel('Find a model').fill('haiku')
  await page.getByRole('button', { name: /in the price book/ }).click()
  await page.getByRole('grid', { name: 'Price book' }).getByText('haiku').first().waitFor()
})

test.each([['dark', 1440], ['light', 390], ['dark', 390]] as const)('no barrier in %s at %i, nothing wider than the page', async (theme, width) => {
  await page.setViewportSize({ width, height: 900 })
  await page.evaluate(`localStorage.setItem('tollgate.theme', '${theme}')`)
  for (const [path, shown] of [['/models', page.getByRole('grid', { name: 'Models in use' })], ['/models?view=book', page.getByRole('grid', { name: 'Price book' })], ['/models?model=openai%2Fgpt-4o', dialog('Model').getByText('Prices now')], ['/models?model=openai%2Fgpt-4o&form=price', dialog('Contract price').getByLabel('Reason')]] as const) {
    await page.goto(product.consoleUrl + path)
    await shown.first().waitFor()
    expect(await barriers(page)).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth > innerWidth')).toBe(false)
  }
  expect(complaints).toEqual([])
})
