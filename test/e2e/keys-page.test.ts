import type { Browser, BrowserContext, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { barriers, hearComplaints, launchBrowser } from '../support/browser.ts'
import { startProduct, type Product } from '../support/product.ts'

/*
 * Keys & org in a real browser: a team, an app and a key made by hand, used, and revoked; people with less than all rights;
 * providers. The tests are one visit: each goes on where the one before ended.
 */
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
  await page.goto(product.signInLink!)
  await page.getByRole('heading', { name: 'Make your first call' }).waitFor()
})
afterAll(async () => {
  await browser?.close()
  await product?.stop()
})

const tree = (on: Page = page): Locator => on.getByRole('treegrid', { name: 'Organisation' })
const row = (name: string | RegExp, on: Page = page): Locator => tree(on).getByRole('row').filter({ hasText: name })
const drawer = (on: Page = page): Locator => on.getByRole('dialog')

async function call(key: string, path = '/v1/chat/completions'): Promise<{ readonly status: number; readonly code: string; readonly cost: string | null }> {
  const answer = await fetch(product.gatewayUrl + path, {
    method: 'POST', headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-4o-mini', max_tokens: 40, messages: [{ role: 'user', content: 'Hello' }] }),
  })
  const body = await answer.json() as { error?: { code?: string } }
  return { status: answer.status, code: body.error?.code ?? '', cost: answer.headers.get('x-tollgate-cost') }
}

async function add(kind: string, name: string, below: string, centre = ''): Promise<void> {
  await page.goto(`${product.consoleUrl}/keys`)
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  const form = page.getByRole('dialog')
  await form.getByRole('radio', { name: kind }).click()
  await form.getByLabel('Name').fill(name)
  await form.getByLabel('Below').selectOption({ label: below })
  await form.getByLabel('Cost centre').fill(centre)
  await form.getByRole('button', { name: 'Add' }).click()
  await drawer().getByText(name, { exact: true }).first().waitFor()
}

describe('a team, an app and a key', () => {
  test('are made by hand, and what nobody pays for is flagged', async () => {
    await page.goto(`${product.consoleUrl}/keys`)
    await tree().waitFor()
    await page.getByText('1 app has no cost centre').waitFor()
    await add('Team', 'Search', 'Engineering', 'CC-77')
    await add('App', 'Reranker', 'Engineering / Search')
    expect(await drawer().textContent()).toContain('Takes the cost centre CC-77 from above.')
    await drawer().getByRole('button', { name: 'New key' }).click()
    const form = page.getByRole('dialog', { name: 'New key' })
    expect(await form.getByLabel('App').locator('option:checked').textContent()).toBe('Engineering / Search / Reranker')
    await form.getByLabel('Name').fill('Production')
    await form.getByText('What it may do').click()
    await form.getByLabel('Models').fill('gpt-4o-mini, *x')
    await form.getByRole('button', { name: 'Create key' }).click()
    await form.getByText('a star may stand only at the end').waitFor()
    await form.getByLabel('Models').fill('gpt-4o-mini')
    await form.getByLabel('Pinned').fill('workflow=rerank')
    await form.getByRole('button', { name: 'Create key' }).click()
    await page.locator('[data-secret]').waitFor()
    secret = (await page.locator('[data-secret]').textContent())!
    expect(secret).toMatch(/^tg_[0-9a-z]{32}$/)
    expect(await page.locator('pre').textContent()).toContain(secret)
    expect(await barriers(page)).toEqual([])
  })

  test('the key works as its policy says, and the tree shows what it spent and when', async () => {
    let served = await call(secret)
    await expect.poll(async () => { if (served.status !== 200) served = await call(secret); return served.status }, patient).toBe(200)
    const refused = await fetch(`${product.gatewayUrl}/v1/chat/completions`, { method: 'POST', headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' }, body: JSON.stringify({ model: 'gpt-4o', max_tokens: 5, messages: [{ role: 'user', content: 'Hello' }] }) })
    expect(refused.status).toBe(403)
    await page.goto(`${product.consoleUrl}/keys`)
    await expect.poll(async () => {
      await page.reload()
      await row('Reranker').waitFor()
      return row('Reranker').getByRole('gridcell').nth(2).locator('[title]').getAttribute('title', { timeout: 1_000 }).catch(() => null)
    }, patient).toBe(served.cost)
    expect(await row('Reranker').getByRole('gridcell').nth(0).textContent()).toBe('CC-77')
    expect(await row('Reranker').getByRole('gridcell').nth(3).textContent()).toMatch(/ago|just now/)
    await page.getByLabel('Find in the organisation').fill(secret.slice(-4))
    await row(/Production/).waitFor()
    expect(await tree().getByRole('row').count()).toBe(6)
  })

  test('by keyboard: find the key, open it, read its policy, close it', async () => {
    await page.goto(`${product.consoleUrl}/keys`)
    await tree().waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('production')
    await row(/Production/).waitFor()
    await tree().focus()
    await page.keyboard.press('End')
    await page.keyboard.press('Enter')
    await drawer().getByText('Models: gpt-4o-mini only.').waitFor()
    await drawer().getByText('Always booked as workflow rerank').waitFor()
    expect(await barriers(page)).toEqual([])
    await page.keyboard.press('Escape')
    await drawer().waitFor({ state: 'detached' })
  })

  test('revoking says what stops, and stops it', async () => {
    await page.keyboard.press('Enter')
    await drawer().getByRole('button', { name: 'Revoke key' }).click()
    const question = page.getByRole('dialog', { name: 'Revoke Production?' })
    await question.getByText('It is in use').waitFor()
    expect(await question.textContent()).toContain('key_revoked')
    expect(await question.textContent()).toContain('Every call of Reranker')
    expect(await barriers(page)).toEqual([])
    await question.getByRole('button', { name: 'Revoke key' }).click()
    await drawer().getByText('It stays revoked').waitFor()
    await expect.poll(async () => { const { status, code } = await call(secret); return `${status} ${code}` }, patient).toBe('401 key_revoked')
    expect((await call(product.firstKey!)).status).toBe(200)
  })

  test('renaming, moving and archiving', async () => {
    const nodes = await (await context.request.get(`${product.consoleUrl}/api/v1/nodes`)).json() as { rows: { id: string; name: string }[] }
    const app = nodes.rows.find((node) => node.name === 'Reranker')!
    await page.goto(`${product.consoleUrl}/keys?node=${app.id}`)
    await drawer().getByRole('button', { name: 'Change' }).click()
    await drawer().getByRole('textbox', { name: 'Name' }).fill('Ranker')
    await drawer().getByLabel('Below').selectOption({ label: 'Engineering / Platform' })
    await drawer().getByRole('button', { name: 'Save' }).click()
    await drawer().getByText('Engineering / Platform / Ranker').waitFor()
    await drawer().getByRole('button', { name: 'Archive' }).click()
    await page.getByRole('dialog', { name: 'Archive Ranker?' }).getByRole('button', { name: 'Archive app' }).click()
    await drawer().getByRole('button', { name: 'Bring back' }).waitFor()
    await page.goto(`${product.consoleUrl}/keys`)
    await row('Platform').waitFor()
    expect(await row('Ranker').count()).toBe(0)
    await page.goto(`${product.consoleUrl}/keys?shown=ended`)
    await row('Ranker').waitFor()
  })
})

describe('people', () => {
  test('a team owner comes by a link that works once, and builds below the own team only', async () => {
    await page.goto(`${product.consoleUrl}/keys?view=people`)
    await page.getByRole('button', { name: 'Add a person' }).click()
    await drawer().getByLabel('Name').fill('Oda Owner')
    await drawer().getByLabel('E-mail').fill('oda@example.com')
    await drawer().getByLabel('Role 1', { exact: true }).selectOption('team_owner')
    await drawer().getByLabel('Node of role 1').selectOption({ label: 'Engineering / Search' })
    await drawer().getByRole('button', { name: 'Add', exact: true }).click()
    await drawer().getByRole('button', { name: 'Make a sign-in link' }).click()
    await page.locator('[data-secret]').waitFor()
    expect(await barriers(page)).toEqual([])
    const link = (await page.locator('[data-secret]').textContent())!
    const other = await browser.newContext({ viewport: { width: 1440, height: 900 } })
    const owner = await other.newPage()
    owner.setDefaultTimeout(20_000)
    await owner.goto(link)
    await owner.getByRole('button', { name: /Oda Owner/ }).waitFor()
    await owner.goto(`${product.consoleUrl}/keys`)
    await row('Search', owner).waitFor()
    expect(await row('Platform', owner).count()).toBe(0)
    expect(await owner.getByRole('radio', { name: 'People' }).count()).toBe(0)
    await owner.getByRole('button', { name: 'Add', exact: true }).click()
    expect(await owner.getByLabel('Below').locator('option').allTextContents()).toEqual(['Search'])
    await owner.getByLabel('Name').fill('Indexer')
    await drawer(owner).getByRole('button', { name: 'Add' }).click()
    await drawer(owner).getByRole('button', { name: 'New key' }).waitFor()
    await drawer(owner).getByRole('button', { name: 'Change' }).click()
    expect(await drawer(owner).getByRole('textbox', { name: 'Cost centre' }).count()).toBe(0)
    await owner.goto(`${product.consoleUrl}/keys?view=access`)
    await owner.getByLabel('New password').fill('correct horse battery')
    await owner.getByRole('button', { name: 'Set password' }).click()
    await owner.getByText('Set', { exact: true }).waitFor()
    expect((await other.request.post(`${product.consoleUrl}/api/v1/session`, { data: { email: 'oda@example.com', password: 'correct horse battery' } })).status()).toBe(201)
    await other.close()
  })

  test('a viewer reads and is offered nothing to write', async () => {
    const session = await (await context.request.get(`${product.consoleUrl}/api/v1/session`)).json() as { csrf: string; organisation: { id: string } }
    const send = async (path: string, data?: object): Promise<{ id: string; secret: string }> => await (await context.request.post(product.consoleUrl + path, { headers: { 'x-csrf-token': session.csrf }, ...(data === undefined ? {} : { data }) })).json() as { id: string; secret: string }
    const user = await send('/api/v1/users', { email: 'vi@example.com', name: 'Vi Viewer', grants: [{ role: 'viewer', nodeId: session.organisation.id }] })
    const { secret: token } = await send(`/api/v1/users/${user.id}/invitation`)
    const other = await browser.newContext({ viewport: { width: 1440, height: 900 } })
    const viewer = await other.newPage()
    viewer.setDefaultTimeout(20_000)
    await viewer.goto(`${product.consoleUrl}/?token=${token}`)
    await viewer.getByRole('button', { name: /Vi Viewer/ }).waitFor()
    await viewer.goto(`${product.consoleUrl}/keys`)
    await row('Search', viewer).click()
    await drawer(viewer).getByText('Team', { exact: true }).waitFor()
    for (const name of ['Change', 'Archive', 'Add', 'New key', 'Revoke key']) expect(await viewer.getByRole('button', { name, exact: true }).count(), name).toBe(0)
    await viewer.goto(`${product.consoleUrl}/keys?view=providers`)
    await viewer.getByRole('treegrid').or(viewer.getByRole('grid', { name: 'Providers' })).waitFor()
    expect(await viewer.getByRole('button', { name: 'Add a provider' }).count()).toBe(0)
    await other.close()
  })

  test('tokens are shown once and ended after a question', async () => {
    await page.goto(`${product.consoleUrl}/keys?view=access`)
    await page.getByLabel('Name').fill('nightly')
    await page.getByRole('button', { name: 'Create token' }).click()
    const token = (await page.locator('[data-secret]').textContent())!
    const asked = (): Promise<number> => fetch(`${product.consoleUrl}/api/v1/session`, { headers: { authorization: `Bearer ${token}` } }).then((answer) => answer.status)
    expect(await asked()).toBe(200)
    await page.getByRole('button', { name: 'End token nightly' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'End token' }).click()
    await page.getByText('You have none.').waitFor()
    expect(await asked()).toBe(401)
  })
})

describe('providers', () => {
  test('what is configured stands with where it comes from; a private address needs its tick', async () => {
    await page.goto(`${product.consoleUrl}/keys?view=providers`)
    const table = page.getByRole('grid', { name: 'Providers' })
    expect(await table.getByRole('row').filter({ hasText: 'openai' }).first().textContent()).toContain('Environment')
    await page.getByRole('button', { name: 'Add a provider' }).click()
    await drawer().getByLabel('Kind').selectOption('compatible')
    await drawer().getByLabel('Name', { exact: true }).fill('own-models')
    await drawer().getByLabel('Address', { exact: true }).fill('http://127.0.0.1:9')
    await drawer().getByLabel('API key', { exact: true }).fill('sk-very-secret')
    await drawer().getByRole('button', { name: 'Add provider' }).click()
    await drawer().getByRole('alert').waitFor()
    expect(await drawer().getByRole('alert').textContent()).toContain('private')
    await drawer().getByLabel('Allow a private address').check()
    expect(await barriers(page)).toEqual([])
    await drawer().getByRole('button', { name: 'Add provider' }).click()
    await drawer().getByRole('button', { name: 'Switch off' }).waitFor()
    expect(await page.content()).not.toContain('sk-very-secret')
    await expect.poll(async () => (await call(product.firstKey!, '/own-models/v1/chat/completions')).code, patient).not.toBe('provider_unknown')
    await drawer().getByRole('button', { name: 'Switch off' }).click()
    await drawer().getByRole('button', { name: 'Switch on' }).waitFor()
    await expect.poll(async () => (await call(product.firstKey!, '/own-models/v1/chat/completions')).code, patient).toBe('provider_unknown')
    await drawer().getByRole('button', { name: 'Remove' }).click()
    await page.getByRole('dialog', { name: 'Remove own-models?' }).getByRole('button', { name: 'Remove provider' }).click()
    await table.getByRole('row').filter({ hasText: 'own-models' }).waitFor({ state: 'detached' })
  })
})

describe('for everyone, everywhere', () => {
  test.each(['org', 'providers', 'people', 'access'])('%s: no barrier in either theme, nothing wider than a phone', async (view) => {
    for (const [theme, width] of [['dark', 1440], ['light', 390]] as const) {
      await page.setViewportSize({ width, height: 844 })
      await page.evaluate(`localStorage.setItem('tollgate.theme', '${theme}')`)
      await page.goto(`${product.consoleUrl}/keys?view=${view}`)
      await page.locator('[data-row], form').first().waitFor()
      expect(await page.evaluate('document.documentElement.scrollWidth > innerWidth')).toBe(false)
      expect(await barriers(page)).toEqual([])
    }
  })

  test('the browser had nothing to complain about', () => {
    // A refused request is told to the reader in the form; the browser's console says it as well.
    expect(complaints.filter((text) => !text.includes('status of 400'))).toEqual([])
  })
})
