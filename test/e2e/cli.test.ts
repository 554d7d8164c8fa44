import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import OpenAI, { APIError } from 'openai'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { ApiKey, CostAnswer, Statement } from '../../src/api/contract/contract.ts'
import { amountOf, formatAmount } from '../../src/base/money.ts'
import { startProduct, type Product } from '../support/product.ts'

/* The command line as processes: what they print where, how they end, and against which installation. */

const program = resolve(process.env['TOLLGATE_TEST_PROGRAM'] ?? join(import.meta.dirname, '../../dist/main.js'))
interface Told { readonly code: number | null; readonly out: string; readonly err: string }

let directory: string
let elsewhere: string
let product: Product

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tollgate-cli-'))
  elsewhere = mkdtempSync(join(tmpdir(), 'tollgate-nothing-'))
  product = await startProduct({ directory })
  await vi.waitFor(async () => expect((await fetch(`${product.gatewayUrl}/readyz`)).status).toBe(200), { timeout: 20_000, interval: 100 })
  const client = new OpenAI({ apiKey: product.firstKey!, baseURL: `${product.gatewayUrl}/v1`, maxRetries: 0 })
  const messages = [{ role: 'user' as const, content: 'What does this cost?' }]
  for (const model of ['gpt-4o-mini', 'gpt-4o', 'a-model-of-ours']) await client.chat.completions.create({ model, max_tokens: 40, messages }, { headers: { 'x-tollgate-workflow': 'cli' } })
  await vi.waitFor(async () => expect((JSON.parse((await tollgate('report', '--json')).out) as CostAnswer).totals.calls).toBe(3), { timeout: 20_000, interval: 300 })
})
afterAll(async () => {
  await product?.stop()
  for (const each of [directory, elsewhere]) rmSync(each, { recursive: true, force: true })
})

function run(words: readonly string[], given: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {}): Promise<Told> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(TOLLGATE_|OPENAI_|ANTHROPIC_|GEMINI_|VITEST|NODE_OPTIONS|NODE_ENV)/.test(name)))
  const child = spawn(process.execPath, [program, ...words], { cwd: given.cwd ?? directory, env: { ...env, TOLLGATE_DATA_DIR: join(given.cwd ?? directory, 'data'), TZ: 'UTC', ...given.env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const told = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => { told.out += text })
  child.stderr.setEncoding('utf8').on('data', (text: string) => { told.err += text })
  return new Promise((done, fail) => {
    child.once('error', fail)
    child.once('close', (code) => done({ code, ...told }))
  })
}
const tollgate = (...words: string[]): Promise<Told> => run(words)
const jsonOf = <Answer>(told: Told): Answer => {
  expect(told.code, told.err).toBe(0)
  return JSON.parse(told.out) as Answer
}

describe('help and mistakes', () => {
  test('every command has help with flags, examples and exit codes', async () => {
    const list = await tollgate('--help')
    expect(list.code).toBe(0)
    for (const [, name] of list.out.matchAll(/^ {2}([a-z-]+) {2,}\S/gm)) {
      if (name === 'version') continue
      const help = await tollgate(name!, '--help')
      expect([name, help.code, help.err]).toEqual([name, 0, ''])
      expect(help.out, name).toMatch(/Exit codes|Without a word/)
    }
    expect((await tollgate('keys', 'create', '-h')).out).toContain('--expires WHEN')
  })

  test.each([
    [['reprot'], 'did you mean `tollgate report`?'],
    [['keys', 'creat'], 'did you mean `tollgate keys create`?'],
    [['report', '--jsno'], '`tollgate report` has no --jsno; did you mean --json?'],
    [['report', '--by'], '--by needs a value: --by DIMENSION.'],
    [['report', '--by', '--json'], '--by needs a value'],
    [['report', '--by', 'tema'], 'did you mean team?'],
    [['report', '--month', '2026-13'], 'is not a month'],
    [['report', '--from', '2026-11-02', '--to', '2026-11-01'], 'ends before it begins'],
    [['report', '--json', '--csv'], 'not both'],
    [['report', 'more'], 'one word too many'],
    [['prices', 'explain'], 'needs MODEL'],
    [['keys', 'create', '--name', 'x'], 'needs --app and --name'],
    [['doctor', '--dry-run'], 'add --repair'],
    [['start', '--dmeo'], 'did you mean --demo?'],
  ])('%j is told what is wrong, on standard error, with exit code 2', async (words, sentence) => {
    const told = await run(words)
    expect(told).toMatchObject({ code: 2, out: '' })
    expect(told.err).toContain(sentence)
    expect(told.err.trimEnd().split('\n')).toHaveLength(1)
  })

  test('where nothing runs, a sentence says so and what to do', async () => {
    const told = await run(['report'], { cwd: elsewhere })
    expect(told.code).toBe(1)
    expect(told.err).toMatch(/^tollgate: No Tollgate runs from .*tollgate start.*TOLLGATE_URL and TOLLGATE_TOKEN\.\n$/)
    expect(readdirSync(elsewhere)).toEqual([])
    const away = await run(['report'], { env: { TOLLGATE_URL: 'http://127.0.0.1:20999', TOLLGATE_TOKEN: 'tgt_x' } })
    expect([away.code, away.err]).toEqual([1, expect.stringContaining('does not answer (ECONNREFUSED)')])
    expect((await run(['report'], { env: { TOLLGATE_URL: product.consoleUrl } })).err).toContain('TOLLGATE_TOKEN is not')
    expect((await run(['report'], { env: { TOLLGATE_URL: product.consoleUrl, TOLLGATE_TOKEN: 'tgt_unknown_token' } })).err).toContain('does not know this TOLLGATE_TOKEN')
  })
})

describe('report', () => {
  test('is the same sum as a table for people, as JSON and as CSV', async () => {
    const answer = jsonOf<CostAnswer>(await tollgate('report', '--by', 'model', '--json'))
    expect(answer.rows).toHaveLength(3)
    const cost = String(answer.totals.cost)
    const csv = (await tollgate('report', '--by', 'model', '--csv')).out.trimEnd().split('\r\n').map((line) => line.split(','))
    const at = csv[0]!.indexOf('cost')
    expect(csv.at(-1)![at]).toBe(cost)
    expect(formatAmount(csv.slice(1, -1).reduce((sum, row) => sum + amountOf(row[at] || '0'), 0n))).toBe(cost)
    const table = await tollgate('report', '--by', 'model', '--where', 'workflow=cli')
    expect(table.out).toMatch(/Model +Cost +List +Calls +Tokens +Unpriced calls/)
    expect(table.out).toMatch(/a-model-of-ours +unpriced +unpriced +1 /)
    expect(table.out).toMatch(/Total +0\.000\d+ +0\.000\d+ +3 /)
  })

  test('groups by several dimensions and narrows by names', async () => {
    const answer = jsonOf<CostAnswer>(await tollgate('report', '--by', 'team,app', '--by', 'workflow', '--where', 'team=Platform', '--where', 'model=a-model-of-ours', '--json'))
    expect(answer.rows.map((row) => [row.group.team?.name, row.group.app?.name, row.group.workflow?.id, row.values.calls])).toEqual([['Platform', 'Getting started', 'cli', 1]])
    const unknown = await tollgate('report', '--where', 'team=Platfrom')
    expect([unknown.code, unknown.err]).toEqual([1, 'tollgate: There is no team "Platfrom"; did you mean "Platform"?\n'])
  })

  test('--statement is what the API gives', async () => {
    const statement = jsonOf<Statement>(await tollgate('report', '--statement', 'platform', '--json'))
    expect(statement).toMatchObject({ node: { kind: 'team', name: 'Platform' }, state: 'running', totals: { calls: 3, unpricedCalls: 1 } })
    const text = (await tollgate('report', '--statement', 'Platform')).out
    expect(text).toContain('Month so far, as of')
    expect(text).toContain('No price (unpriced): openai/a-model-of-ours, 1 calls')
    const file = (await tollgate('report', '--statement', 'Platform', '--csv')).out
    expect(file.trimEnd().split('\r\n').at(-1)).toContain(`,${statement.totals.cost},${statement.totals.cost},${statement.totals.listCost},`)
  })
})

describe('keys and prices', () => {
  test('a key is made, alone on standard output, serves, is listed, and is refused once revoked', async () => {
    const made = await tollgate('keys', 'create', '--app', 'Getting started', '--name', 'from a shell', '--expires', '30d')
    expect(made.code, made.err).toBe(0)
    expect(made.out).toMatch(/^tg_[\w-]+\n$/)
    const call = (): Promise<number> => new OpenAI({ apiKey: made.out.trim(), baseURL: `${product.gatewayUrl}/v1`, maxRetries: 0 }).chat.completions
      .create({ model: 'gpt-4o-mini', max_tokens: 5, messages: [{ role: 'user', content: 'hi' }] }).then(() => 200, (error: unknown) => (error instanceof APIError ? Number(error.status) : 0))
    await expect.poll(call, { timeout: 10_000 }).toBe(200)
    const { rows } = jsonOf<{ rows: ApiKey[] }>(await tollgate('keys', '--json'))
    const key = rows.find((each) => each.name === 'from a shell')!
    expect(key).toMatchObject({ state: 'active', appName: 'Getting started', hint: made.out.trim().slice(-4) })
    expect((await tollgate('keys', 'list')).out).toContain(key.id)
    expect((await tollgate('keys', 'revoke', 'from a shell')).code).toBe(0)
    await expect.poll(call, { timeout: 10_000 }).toBe(401)
    expect((await tollgate('keys', 'list')).out).not.toContain(key.id)
    expect(await tollgate('keys', 'revoke', 'from a shell')).toMatchObject({ code: 1, err: 'tollgate: There is no active key "from a shell". `tollgate keys list` shows them.\n' })
  })

  test('a price is found, explained, overridden and given back', async () => {
    expect((await tollgate('prices', 'list', 'gpt-4o-mini')).out).toMatch(/openai\/gpt-4o-mini +0\.15 +0\.075 +0\.6 +USD/)
    expect((await tollgate('prices', 'explain', 'openai/gpt-4o-mini')).out).toMatch(/output_text +0\.6 \/ 1,000,000 token/)
    expect(await tollgate('prices', 'explain', 'openai/a-model-of-ours')).toMatchObject({ code: 1, out: expect.stringContaining('has no price') as string })
    const entry = jsonOf<{ id: string }>(await tollgate('prices', 'override', 'openai/a-model-of-ours', '--component', 'input_text', '--amount', '0.4', '--reason', 'our own', '--json'))
    expect((await tollgate('prices', 'explain', 'openai/a-model-of-ours')).out).toContain('override: our own')
    expect((await tollgate('prices', 'end', entry.id)).code).toBe(0)
    const wrong = await tollgate('prices', 'override', 'openai/a-model-of-ours', '--component', 'input_txt', '--amount', '0.4', '--reason', 'x')
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('component')])
  })
})

describe('which installation', () => {
  test('a token of the console does the same from anywhere, within its grants; a local token ends with its command', async () => {
    const { url } = jsonOf<{ url: string }>(await tollgate('admin-token', '--json'))
    expect(url).toContain(`${product.consoleUrl}/?token=`)
    const signedIn = await fetch(`${product.consoleUrl}/api/v1/session`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token: new URL(url).searchParams.get('token') }) })
    const { csrf } = await signedIn.json() as { csrf: string }
    const headers = { 'content-type': 'application/json', cookie: signedIn.headers.get('set-cookie')!.split(';')[0]!, 'x-csrf-token': csrf }
    const made = await (await fetch(`${product.consoleUrl}/api/v1/tokens`, { method: 'POST', headers, body: JSON.stringify({ name: 'cli test' }) })).json() as { secret: string }
    const told = await run(['report', '--json'], { cwd: elsewhere, env: { TOLLGATE_URL: product.consoleUrl, TOLLGATE_TOKEN: made.secret } })
    expect(jsonOf<CostAnswer>(told).totals.calls).toBeGreaterThanOrEqual(3)
    const { rows } = await (await fetch(`${product.consoleUrl}/api/v1/tokens`, { headers })).json() as { rows: { name: string }[] }
    expect(rows.map((row) => row.name)).toEqual(['cli test'])
  })

  test('doctor holds, as text and as JSON', async () => {
    expect(await tollgate('doctor')).toMatchObject({ code: 0, out: expect.stringMatching(/All \d+ checks hold/) as string })
    expect(jsonOf<{ ok: boolean }>(await tollgate('doctor', '--json')).ok).toBe(true)
  })
})
