import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { expect, test } from 'vitest'
import { errorCatalogue } from '../../src/base/errors.ts'
import { loadConfig } from '../../src/config/config.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

/** TOLLGATE_WRITE_DOCS=1 writes the generated page; otherwise it must be what is committed. */
test('docs/errors.md is what the catalogue says', () => {
  const rows = Object.entries(errorCatalogue).map(([code, { status, text }]) => `| \`${code}\` | ${status} | ${text} |`)
  const page = `# Error codes\n\nStable and public; generated from \`src/base/errors.ts\`.\n\n| Code | Status | Says |\n|---|---|---|\n${rows.join('\n')}\n`
  if (process.env['TOLLGATE_WRITE_DOCS'] === '1') writeFileSync(join(root, 'docs/errors.md'), page)
  expect(read('docs/errors.md')).toBe(page)
})

test('the configuration example is valid and every variable in its table is read', () => {
  const page = read('docs/configuration.md')
  const example = /```yaml\n([\s\S]*?)```/.exec(page)![1]!
  const directory = mkdtempSync(join(tmpdir(), 'tg-docs-'))
  const path = join(directory, 'tollgate.yaml')
  writeFileSync(path, example)
  try {
    const config = loadConfig({ TOLLGATE_CONFIG: path, GEOCODER_KEY: 'k' }, directory)
    expect(config.providers['geocoder']).toMatchObject({ dialect: 'http', call_price: '0.0005', api_key: 'k' })
    expect(Object.keys(parse(example) as object)).toEqual(['data_dir', 'gateway', 'console', 'providers'])
  } finally {
    rmSync(directory, { recursive: true })
  }
  const source = ['src/config/config.ts', 'src/cli/log.ts'].map(read).join('')
  for (const [, name] of page.matchAll(/`((?:TOLLGATE|OPENAI)_[A-Z_]+)`/g)) expect(source, name).toContain(name!)
})

test('every file that the architecture names exists', () => {
  const page = read('docs/ARCHITECTURE.md')
  const missing = [...page.matchAll(/`((?:base|config|core|dialect|journal|store|gateway|control|jobs|api|engines|sim|cli)\/[\w./-]+\.ts)`/g)]
    .map((match) => match[1]!).filter((path) => !existsSync(join(root, 'src', path)))
  expect(missing).toEqual([])
})
