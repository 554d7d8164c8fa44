import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { snippets, type Snippet, type SnippetWords } from '../../web/src/pages/get-started/snippets.ts'
import { barriers, hearComplaints, launchBrowser } from '../support/browser.ts'
import { startProduct, type Product } from '../support/product.ts'

/*
 * From a new installation to the first priced call, in a real browser, and every program that the page shows: those in Node
 * and the shell are run as they stand, those in Python are compiled. The tests are one visit.
 */
const run = promisify(execFile)
const patient = { timeout: 20_000, interval: 100 }

let product: Product
let browser: Browser
let context: BrowserContext
let page: Page
let complaints: readonly string[]
let secret = ''

beforeAll(async () => {
  ;[product, browser] = await Promise.all([startProduct(), launchBrowser()])
  context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: 'light', reducedMotion: 'reduce' })
  page = await context.newPage()
  page.setDefaultTimeout(20_000)
  complaints = hearComplaints(page)
})
afterAll(async () => {
  await browser?.close()
  await product?.stop()
})

const arrival = (): Locator => page.getByRole('status', { name: 'First call' })
const program = (): Locator => page.locator('pre[aria-label^="First call with"]')

async function callWith(key: string, text: string): Promise<Response> {
  return fetch(`${product.gatewayUrl}/v1/chat/completions`, {
    method: 'POST', headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-4o-mini', max_tokens: 40, messages: [{ role: 'user', content: text }] }),
  })
}

describe('the first call', () => {
  test('the demo badge leads to Get started, which says what is made up and how to leave it', async () => {
    await page.goto(product.signInLink!)
    await page.getByRole('link', { name: /Demo data/ }).first().click()
    await page.getByRole('heading', { name: 'Get started', exact: true }).waitFor()
    const note = page.getByRole('region', { name: 'This is a simulation' })
    expect(await note.getByLabel('Start with a real provider', { exact: true }).textContent()).toBe('OPENAI_API_KEY=sk-… npm start')
    await note.getByRole('radio', { name: 'Anthropic' }).click()
    expect(await note.getByLabel('Start with a real provider', { exact: true }).textContent()).toContain('ANTHROPIC_API_KEY=')
    expect(await note.textContent()).toContain('tollgate-data-demo')
    expect(await program().textContent()).toContain('tg_YOUR_KEY')
  })

  test('a key made on the spot stands in the program, with the gateway of this installation', async () => {
    await page.getByRole('button', { name: 'Create a key' }).click()
    await page.locator('[data-secret]').waitFor()
    secret = (await page.locator('[data-secret]').textContent())!
    expect(secret).toMatch(/^tg_[0-9a-z]{32}$/)
    expect(await program().textContent()).toContain(secret)
    expect(await program().textContent()).toContain(`${product.gatewayUrl}/v1`)
    await page.getByLabel('Attribution').check()
    expect(await program().textContent()).toContain('x-tollgate-workflow')
    await arrival().getByText('Waiting for a call').waitFor()
    expect(await barriers(page)).toEqual([])
  })

  test("another key's call is not taken for it; its own shows at once, at its exact cost", async () => {
    const other = await callWith(product.firstKey!, 'Not this one.')
    const otherId = other.headers.get('x-tollgate-event-id')!
    await expect.poll(async () => (await context.request.get(`${product.consoleUrl}/api/v1/records/${otherId}`)).status(), patient).toBe(200)
    expect(await arrival().textContent()).toContain('Waiting')
    const answer = await callWith(secret, 'This one.')
    await arrival().getByText('It arrived').waitFor()
    expect(await arrival().locator('.text-display [title]').getAttribute('title')).toBe(answer.headers.get('x-tollgate-cost'))
    expect(await barriers(page)).toEqual([])
    await arrival().getByRole('link', { name: /every cost line/ }).click()
    await page.getByRole('dialog', { name: 'Call' }).getByText('Recomputed, equal').waitFor()
    expect(new URL(page.url()).searchParams.get('event')).toBe(answer.headers.get('x-tollgate-event-id'))
  })

  test('after a reload the secret is gone, and the page says why', async () => {
    await page.goBack()
    await page.getByRole('heading', { name: 'Get started', exact: true }).waitFor()
    expect(await page.locator('[data-secret]').textContent()).toBe(secret)
    await page.reload()
    await page.getByText('is kept nowhere').waitFor()
    expect(await page.locator('main').textContent()).not.toContain(secret)
    expect(await program().textContent()).toContain('tg_YOUR_KEY')
  })

  test('a refused call arrives as such', async () => {
    await arrival().getByText('It arrived').waitFor()
    const refused = await fetch(`${product.gatewayUrl}/openai/v1/files`, { headers: { authorization: `Bearer ${secret}` } })
    expect(refused.status).toBe(403)
    await arrival().getByText('It arrived, and was refused').waitFor()
    expect(await arrival().textContent()).toContain('endpoint_not_metered')
  })

  test('no barrier in either theme, nothing wider than a phone, nothing to complain about', async () => {
    for (const [theme, width] of [['dark', 1440], ['light', 390]] as const) {
      await page.setViewportSize({ width, height: 844 })
      await page.evaluate(`localStorage.setItem('tollgate.theme', '${theme}')`)
      await page.goto(`${product.consoleUrl}/get-started?sdk=genai-node`)
      await program().waitFor()
      expect(await page.evaluate('document.documentElement.scrollWidth > innerWidth')).toBe(false)
      expect(await barriers(page)).toEqual([])
    }
    expect(complaints).toEqual([])
  })
})

const words = (snippet: Snippet, given: Partial<SnippetWords>): SnippetWords => ({ gatewayUrl: product.gatewayUrl, key: secret, provider: snippet.dialect, streamed: false, attributed: false, ...given })
const ways = [[false, false], [true, true]] as const
/** What is installed here and therefore run; the others are parsed. */
const runnable = ['openai-node', 'anthropic-node', 'genai-node'] as const
const environment = { PATH: process.env['PATH'] ?? '', HOME: tmpdir() }
const has = async (command: string): Promise<boolean> => run(command, ['--version']).then(() => true, () => false)

async function newestCall(): Promise<{ readonly eventId: string; readonly stream: boolean; readonly cost: string | null; readonly attribution: { readonly workflow: string; readonly tags: unknown } } | undefined> {
  const list = await (await context.request.get(`${product.consoleUrl}/api/v1/records?limit=1`)).json() as { rows: never[] }
  return list.rows[0]
}

async function expectCall(before: string | undefined, streamed: boolean, attributed: boolean): Promise<void> {
  await expect.poll(async () => (await newestCall())?.eventId, patient).not.toBe(before)
  const call = (await newestCall())!
  expect(call.stream).toBe(streamed)
  expect(Number(call.cost)).toBeGreaterThan(0)
  expect([call.attribution.workflow, call.attribution.tags]).toEqual(attributed ? ['first-call', { env: 'dev' }] : ['', {}])
}

describe('the programs that are shown', () => {
  test.each(runnable.flatMap((id) => ways.map(([streamed, attributed]) => [id, streamed, attributed] as const)))('%s, streamed: %s, attributed: %s: runs as it stands and is metered', async (id, streamed, attributed) => {
    const snippet = snippets.find((each) => each.id === id)!
    const before = (await newestCall())?.eventId
    // From the repository, where its SDK is installed.
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', snippet.code(words(snippet, { streamed, attributed }))], { cwd: join(import.meta.dirname, '../..'), env: environment, timeout: 30_000 })
    expect(stdout.trim()).not.toBe('')
    await expectCall(before, streamed, attributed)
  })

  test.each(ways)('curl, streamed: %s, attributed: %s: runs as it stands where there is a curl', async (streamed, attributed) => {
    const snippet = snippets.find((each) => each.id === 'curl')!
    const code = snippet.code(words(snippet, { streamed, attributed }))
    await run('sh', ['-n', '-c', code])
    if (!(await has('curl'))) return
    const before = (await newestCall())?.eventId
    const { stdout } = await run('sh', ['-c', code], { env: environment, timeout: 30_000 })
    expect(stdout).toContain(streamed ? 'data: [DONE]' : '"chat.completion"')
    await expectCall(before, streamed, attributed)
  })

  test('the others parse', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'tollgate-snippets-'))
    const python = await has('python3')
    try {
      for (const snippet of snippets) {
        for (const [streamed, attributed] of ways) {
          const code = snippet.code(words(snippet, { streamed, attributed }))
          const file = join(directory, `${snippet.id}-${streamed}.${snippet.language === 'python' ? 'py' : snippet.language === 'node' ? 'mjs' : 'sh'}`)
          writeFileSync(file, `${code}\n`)
          if (snippet.language === 'node') await run(process.execPath, ['--check', file])
          if (snippet.language === 'shell') await run('sh', ['-n', file])
          if (snippet.language === 'python' && python) await run('python3', ['-m', 'py_compile', file])
          expect(code.split('"').length % 2, `${snippet.id} has its quotes in pairs`).toBe(1)
        }
      }
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })
})
