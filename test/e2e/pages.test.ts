import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { barriers, hearComplaints, launchBrowser } from '../support/browser.ts'
import { startProduct, type Product } from '../support/product.ts'

/*
 * Every page with the demo company, in both themes, on a desk and on a phone. With TOLLGATE_SHOTS=DIR it leaves pictures
 * of all of them there, <page>-<theme>-<width>.png.
 */

const weightBytesMax = 300_000
const shots = process.env['TOLLGATE_SHOTS']
const looks = [['light', 1440], ['dark', 1440], ['light', 390], ['dark', 390]] as const
let product: Product
let browser: Browser
let context: BrowserContext
let page: Page
let complaints: readonly string[]
let dearest: string

beforeAll(async () => {
  ;[product, browser] = await Promise.all([startProduct({ companySeed: 41 }), launchBrowser()])
  context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: 'light', reducedMotion: 'reduce' })
  page = await context.newPage()
  page.setDefaultTimeout(20_000)
  complaints = hearComplaints(page)
  await page.goto(product.signInLink!)
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
  const answer = await context.request.get(`${product.consoleUrl}/api/v1/records?order=cost&limit=1&fromMs=${Date.now() - 30 * 86_400_000}`)
  dearest = (await answer.json() as { rows: [{ eventId: string }] }).rows[0].eventId
  if (shots !== undefined) mkdirSync(shots, { recursive: true })
})
afterAll(async () => {
  await browser?.close()
  await product?.stop()
})

/** Nothing is on its way any more, and nothing moves. */
async function settled(on: Page): Promise<void> {
  await on.locator('h1, [role=dialog] h2').first().waitFor()
  await expect.poll(() => on.locator('[role=status][aria-label=Loading], [aria-busy=true], main .animate-shimmer').count(), { timeout: 20_000 }).toBe(0)
  await on.evaluate('document.fonts.ready.then(() => Promise.all(document.getAnimations().filter((each) => each.effect?.getTiming().iterations !== Infinity).map((each) => each.finished.catch(() => {}))))')
}

/** Money that reads as nothing while the exact figure in its title, or in that of what it stands in, is something; or that has no exact figure. */
const vanishedMoney = (on: Page): Promise<readonly string[]> => on.evaluate(`(() => {
  const found = []
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const text = texts.currentNode.textContent
    if (!/[$€£]\\s?0\\.0+(?!\\d)/.test(text)) continue
    const title = texts.currentNode.parentElement.closest('[title]')?.title ?? ''
    if (!/^[-+]?0(\\.0+)? [A-Z]{3}$/.test(title)) found.push(text.trim() + ' <' + title + '>')
  }
  return found
})()`) as Promise<readonly string[]>

async function checked(on: Page, name: string, theme: string, width: number): Promise<void> {
  if (shots !== undefined) await on.screenshot({ path: join(shots, `${name}-${theme}-${width}.png`) })
  expect(await barriers(on)).toEqual([])
  expect(await on.evaluate('document.documentElement.scrollWidth > innerWidth')).toBe(false)
  expect(await vanishedMoney(on)).toEqual([])
}

async function turnTo(theme: 'light' | 'dark', width: number): Promise<void> {
  await page.setViewportSize({ width, height: width < 700 ? 844 : 900 })
  await page.evaluate(`localStorage.setItem('tollgate.theme', '${theme}')`)
}

const pages: readonly (readonly [name: string, path: string | (() => string)])[] = [
  ['overview', '/'], ['explore', '/explore'], ['explore-team', '/explore?by=app,workflow&team=team_claims&range=month'], ['calls', '/calls'], ['calls-dearest', '/calls?range=30d&order=cost'], ['call', () => `/calls?event=${dearest}`],
  ['budgets', '/budgets'], ['budget', '/budgets?budget=rule_claims_month'], ['budget-hard', '/budgets?budget=rule_marketing_month'], ['statement', '/statement'], ['models', '/models'], ['keys', '/keys'], ['get-started', '/get-started'],
]

describe.each(looks)('%s, %i wide', (theme, width) => {
  test.each(pages)('%s', async (name, path) => {
    await turnTo(theme, width)
    await page.goto(product.consoleUrl + (typeof path === 'string' ? path : path()))
    await settled(page)
    await checked(page, name, theme, width)
    expect(complaints).toEqual([])
  })

  test('menus and the palette', async () => {
    await turnTo(theme, width)
    await page.goto(`${product.consoleUrl}/`)
    await settled(page)
    await page.getByRole('button', { name: width < 700 ? /^Account of/ : /@/ }).click()
    await page.getByRole('menuitemradio', { name: 'Dark' }).waitFor()
    await checked(page, 'user-menu', theme, width)
    await page.keyboard.press('Escape')
    if (width < 700) {
      await page.getByRole('button', { name: 'More' }).click()
      await page.getByRole('menuitem', { name: 'Statement' }).waitFor()
      await checked(page, 'more-menu', theme, width)
      await page.keyboard.press('Escape')
    }
    await page.keyboard.press('Control+k')
    await page.getByRole('option').first().waitFor()
    await checked(page, 'palette', theme, width)
    expect(complaints).toEqual([])
  })

  test('sign-in', async () => {
    const stranger = await browser.newContext({ viewport: { width, height: width < 700 ? 844 : 900 }, colorScheme: theme, reducedMotion: 'reduce' })
    try {
      const door = await stranger.newPage()
      const heard = hearComplaints(door)
      await door.goto(`${product.consoleUrl}/`)
      await door.getByRole('button', { name: /sign in/i }).waitFor()
      await checked(door, 'sign-in', theme, width)
      expect(heard).toEqual([])
    } finally {
      await stranger.close()
    }
  })
})

test('the first page weighs at most 300 KB of script and style, compressed', async () => {
  const visitor = await browser.newContext({ viewport: { width: 1440, height: 900 }, storageState: await context.storageState() })
  try {
    const fresh = await visitor.newPage()
    const fetched = new Set<string>()
    fresh.on('request', (asked) => { if (/\.(js|css)$/.test(new URL(asked.url()).pathname)) fetched.add(asked.url()) })
    await fresh.addInitScript(`requestAnimationFrame(function look() {
      if (document.querySelector('main [title$=" USD"]') !== null && document.querySelector('main [aria-label=Loading], main .animate-shimmer') === null) performance.mark('figures')
      else requestAnimationFrame(look)
    })`)
    await fresh.goto(`${product.consoleUrl}/`)
    const timeOf = (name: string): Promise<number | undefined> => fresh.evaluate(`performance.getEntriesByName('${name}')[0]?.startTime`)
    await expect.poll(() => timeOf('figures'), { timeout: 20_000 }).toBeDefined()
    const weights = await Promise.all([...fetched].map(async (url) => {
      const { body } = await request(url, { headers: { 'accept-encoding': 'gzip' } })
      return (await body.arrayBuffer()).byteLength
    }))
    const bytes = weights.reduce((sum, weight) => sum + weight, 0)
    console.info(`First page: ${fetched.size} files of script and style, ${bytes} bytes gzip; first paint after ${Math.round(await timeOf('first-contentful-paint') ?? 0)} ms, its figures to read and its links to use after ${Math.round(await timeOf('figures') ?? 0)} ms.`)
    expect(fetched.size).toBeGreaterThan(1)
    expect(bytes).toBeLessThanOrEqual(weightBytesMax)
  } finally {
    await visitor.close()
  }
})
