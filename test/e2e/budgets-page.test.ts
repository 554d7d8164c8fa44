import OpenAI, { APIError } from 'openai'
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { barriers, hearComplaints, launchBrowser } from '../support/browser.ts'
import { startProduct, type Product } from '../support/product.ts'

/* Budgets in a real browser, on the product as a person starts it. One visit: each test goes on where the one before ended. */

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

/** Status of a call: 200, or what the gateway refused it with. */
async function callStatus(): Promise<number> {
  try {
    await client.chat.completions.create({ model: 'gpt-4o', max_tokens: 40, messages: [{ role: 'user', content: 'Who pays for this?' }] })
    return 200
  } catch (error) {
    if (error instanceof APIError && error.code === 'budget_exceeded') return error.status ?? 0
    throw error
  }
}

test('an empty page says what a budget does and offers to make one', async () => {
  expect(await callStatus()).toBe(200)
  await page.goto(`${product.consoleUrl}/budgets`)
  await page.getByText('No budgets yet').waitFor()
  expect(await barriers(page)).toEqual([])
  await page.getByRole('button', { name: 'New budget' }).click()
  await dialog('New budget').waitFor()
})

test('the form says what is missing beside the field, and what the budget would count', async () => {
  const form = dialog('New budget')
  await form.getByRole('button', { name: 'Create budget' }).click()
  const limit = form.getByLabel('Limit', { exact: true })
  await form.getByText('Say how much may be used.').waitFor()
  expect(await limit.getAttribute('aria-invalid')).toBe('true')
  await limit.fill('0.0000001')
  await form.getByText('It is used up already. Its calls are refused from the moment you save it.').waitFor()
  expect(await barriers(page)).toEqual([])
  await form.getByLabel('In the time zone').fill('Mars/Base')
  await form.getByRole('button', { name: 'Create budget' }).click()
  await form.getByText('Name a time zone').waitFor()
  await form.getByLabel('In the time zone').fill('Europe/Berlin')
  await form.getByLabel('What people call it').fill('Everything')
  await form.getByRole('button', { name: 'Create budget' }).click()
})

test('a call is refused by the budget that was just made, and the page says so', async () => {
  await dialog('Budget').getByRole('heading', { name: 'Everything' }).waitFor()
  await expect.poll(callStatus, patient).toBe(402)
  await dialog('Budget').getByText('Calls are being refused').waitFor()
  expect(await barriers(page)).toEqual([])
  await expect.poll(async () => {
    await page.reload()
    return dialog('Budget').getByRole('link', { name: /refused in this window/ }).waitFor({ timeout: 3_000 }).then(() => true, () => false)
  }, patient).toBe(true)
  await dialog('Budget').getByRole('link', { name: /refused in this window/ }).click()
  await page.getByRole('heading', { name: 'Calls', exact: true }).waitFor()
  expect(page.url()).toContain('status=refused')
  await page.locator('[role=row][id^=call-]').first().waitFor()
})

test('raising the limit lets calls through, and the trail says who did it', async () => {
  await page.goto(`${product.consoleUrl}/budgets`)
  await page.getByRole('treegrid', { name: 'Budgets' }).focus()
  await page.keyboard.press('End')
  await page.keyboard.press('Enter')
  await dialog('Budget').getByRole('button', { name: 'Edit' }).click()
  const form = dialog('Edit budget')
  await form.getByLabel('Limit', { exact: true }).fill('5')
  await form.getByText('Nothing is refused when you save it.').waitFor()
  await form.getByRole('button', { name: 'Save changes' }).click()
  await dialog('Budget').getByText('limit $0.0000001 → $5.00').waitFor()
  await expect.poll(callStatus, patient).toBe(200)
})

test.each([['dark', 1440], ['light', 390], ['dark', 390]] as const)('no barrier in %s at %i, nothing wider than the page', async (theme, width) => {
  await page.setViewportSize({ width, height: 900 })
  await page.evaluate(`localStorage.setItem('tollgate.theme', '${theme}')`)
  const { rows } = await (await context.request.get(`${product.consoleUrl}/api/v1/budgets`)).json() as { rows: { id: string }[] }
  const places = [['', page.getByRole('treegrid', { name: 'Budgets' })], [`?budget=${rows[0]!.id}`, dialog('Budget').getByText('Changes', { exact: true })], [`?budget=${rows[0]!.id}&form=edit`, dialog('Edit budget').getByText('With this limit')]] as const
  for (const [search, shown] of places) {
    await page.goto(`${product.consoleUrl}/budgets${search}`)
    await shown.first().waitFor()
    expect(await barriers(page)).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth > innerWidth')).toBe(false)
  }
})

test('a budget can be removed, and the browser had nothing to complain about', async () => {
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.goto(`${product.consoleUrl}/budgets`)
  await page.getByText('Everything').first().click()
  await dialog('Budget').getByRole('button', { name: 'Remove' }).click()
  await page.getByRole('button', { name: 'Remove budget' }).click()
  await page.getByText('No budgets yet').waitFor()
  expect(complaints.filter((line) => !line.includes('status of 400'))).toEqual([])
})
