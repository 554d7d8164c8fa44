import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { startProduct, type Product } from '../support/product.ts'

/*
 * The examples of README and docs, executed: blocks marked "run" against a product that was just started, in the order of
 * the page. Their addresses are those of a default installation and are replaced by the product's.
 */

const root = resolve(import.meta.dirname, '../..')
const program = resolve(process.env['TOLLGATE_TEST_PROGRAM'] ?? join(root, 'dist/main.js'))

/** Blocks that are not run, by page and first line, each with its reason. */
const notRun: Readonly<Record<string, string>> = {
  'README.md: npm ci && npm start      # gateway on 8400, console on 8401, embedded engines': 'installs and builds; test/e2e/start.test.ts starts what it starts',
  'docs/getting-started.md: npm ci && npm start': 'the same',
  'docs/configuration.md: data_dir: ./tollgate-data': 'test/house/docs.test.ts loads it',
  'docs/operating.md: TOLLGATE_POSTGRES_URL=postgres://tollgate:…@db.internal:5432/tollgate': 'environment of databases that are elsewhere',
}

interface Block { readonly page: string; readonly language: string; readonly run: boolean; readonly text: string }
const pages = ['README.md', ...readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)]
const blocks: readonly Block[] = pages.flatMap((page) =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/^```(\w+)( run)?\n([\s\S]*?)^```$/gm)].map(([, language = '', run, text = '']) => ({ page, language, run: run !== undefined, text })))

let directory: string
let product: Product
let env: NodeJS.ProcessEnv

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tollgate-docs-'))
  product = await startProduct({ directory })
  await vi.waitFor(async () => expect((await fetch(`${product.gatewayUrl}/readyz`)).status).toBe(200), { timeout: 20_000, interval: 100 })
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'))
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}')
  mkdirSync(join(directory, 'bin'))
  writeFileSync(join(directory, 'bin/npx'), `#!/bin/sh\n[ "$1" = tollgate ] || exit 127\nshift\nexec "${process.execPath}" "${program}" "$@"\n`)
  chmodSync(join(directory, 'bin/npx'), 0o755)
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(TOLLGATE_|OPENAI_|ANTHROPIC_|GEMINI_|GOOGLE_|VITEST|NODE_OPTIONS|NODE_ENV)/.test(name)))
  env = {
    ...inherited, PATH: `${join(directory, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`, TOLLGATE_DATA_DIR: join(directory, 'data'),
    TOLLGATE_KEY: product.firstKey!, TOLLGATE_URL: product.consoleUrl, TOLLGATE_TOKEN: await apiToken(),
  }
})
afterAll(async () => {
  await product?.stop()
  rmSync(directory, { recursive: true, force: true })
})

async function apiToken(): Promise<string> {
  const headers = { 'content-type': 'application/json' }
  const signedIn = await fetch(`${product.consoleUrl}/api/v1/session`, { method: 'POST', headers, body: JSON.stringify({ token: new URL(product.signInLink!).searchParams.get('token') }) })
  const { csrf } = await signedIn.json() as { csrf: string }
  const cookie = signedIn.headers.get('set-cookie')!.split(';')[0]!
  const made = await fetch(`${product.consoleUrl}/api/v1/tokens`, { method: 'POST', headers: { ...headers, cookie, 'x-csrf-token': csrf }, body: JSON.stringify({ name: 'docs' }) })
  return (await made.json() as { secret: string }).secret
}

const here = (text: string): string => text.replaceAll('http://127.0.0.1:8400', product.gatewayUrl).replaceAll('http://127.0.0.1:8401', product.consoleUrl)

function execute({ language, text }: Block, index: number): Promise<{ readonly code: number | null; readonly said: string }> {
  const file = `example-${index}.${language}`
  writeFileSync(join(directory, file), here(text))
  const [command, args] = language === 'sh' ? ['sh', ['-eu', file]] as const : [process.execPath, ['--import', 'tsx', file]] as const
  const child = spawn(command, args, { cwd: directory, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (piece: string) => { said += piece })
  return new Promise((done, fail) => {
    child.once('error', fail)
    child.once('close', (code) => done({ code, said }))
  })
}

describe('examples', () => {
  test.each(blocks.filter((block) => block.run).map((block, index) => ({ ...block, index, first: block.text.split('\n', 1)[0]! })))('$page: $first', async ({ index, ...block }) => {
    const { code, said } = await execute(block, index)
    expect(code, `${block.text}\n${said}`).toBe(0)
  })

  test('every other block has a reason, and every reason a block', () => {
    const left = blocks.filter((block) => !block.run).map((block) => `${block.page}: ${block.text.split('\n', 1)[0]!}`)
    expect(left.sort()).toEqual(Object.keys(notRun).sort())
  })

  test('every link to a file of this repository leads to one', () => {
    for (const page of pages) {
      for (const [, target = ''] of readFileSync(join(root, page), 'utf8').matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)) {
        expect(() => readFileSync(resolve(root, page, '..', target)), `${page} → ${target}`).not.toThrow()
      }
    }
  })
})
