import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
const source = join(root, 'src')

/** Rows of the table under "Allowed imports" in docs/ARCHITECTURE.md: folder → prefixes it may import. */
function allowedImports(): ReadonlyMap<string, readonly string[]> {
  const text = readFileSync(join(root, 'docs/ARCHITECTURE.md'), 'utf8')
  const table = text.slice(text.indexOf('## Allowed imports'))
  const allowed = new Map<string, readonly string[]>()
  for (const [, folders, targets] of table.matchAll(/^\| ([^|]+) \| ([^|]+) \|$/gm)) {
    if (folders!.trim() === 'Folder' || folders!.startsWith('---')) continue
    const list = targets!.split(',').map((target) => target.trim()).filter((target) => target !== '' && target !== '–')
    for (const folder of folders!.split(',')) allowed.set(folder.trim(), list)
  }
  return allowed
}

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? files(path) : entry.name.endsWith('.ts') ? [path] : []
  })
}
const isTest = (path: string): boolean => /\.(test|contract)\.ts$/.test(path)

function importsOf(path: string): string[] {
  const text = readFileSync(path, 'utf8')
  return [...text.matchAll(/^(?:import|export)\s[^'"]*?from\s+'([^']+)'|^import\s+'([^']+)'|\bimport\('([^']+)'\)/gm)].map((match) => (match[1] ?? match[2] ?? match[3])!)
}
const localImports = (path: string): string[] => importsOf(path).filter((target) => target.startsWith('.')).map((target) => relative(source, normalize(join(dirname(path), target))))

/** The table's row for a file: the longest folder that holds it. */
function rowOf(file: string, rows: Iterable<string>): string | undefined {
  return [...rows].filter((folder) => file === folder || file.startsWith(`${folder}/`)).toSorted((a, b) => b.length - a.length)[0]
}

const sources = files(source).filter((path) => !isTest(path)).map((path) => relative(source, path))

test('every import is one that the table allows', () => {
  const allowed = allowedImports()
  expect(allowed.size).toBeGreaterThan(12)
  const wrong: string[] = []
  for (const file of sources) {
    const row = rowOf(file, allowed.keys())
    if (row === undefined) {
      wrong.push(`${file}: its folder is not in the table`)
      continue
    }
    const may = allowed.get(row)!
    if (may.includes('everything')) continue
    for (const target of localImports(join(source, file))) {
      const inside = target.startsWith(`${row}/`)
      if (!inside && !may.some((prefix) => target === `${prefix}.ts` || target.startsWith(`${prefix}/`))) wrong.push(`${file} imports ${target}`)
    }
  }
  expect(wrong).toEqual([])
})

test('there is no import cycle', () => {
  const graph = new Map(sources.map((file) => [file, runtimeImports(file)]))
  const state = new Map<string, 'open' | 'done'>()
  const cycles: string[] = []
  const visit = (file: string, path: readonly string[]): void => {
    if (state.get(file) === 'done') return
    if (state.get(file) === 'open') {
      cycles.push([...path.slice(path.indexOf(file)), file].join(' → '))
      return
    }
    state.set(file, 'open')
    for (const target of graph.get(file) ?? []) visit(target, [...path, file])
    state.set(file, 'done')
  }
  for (const file of sources) visit(file, [])
  expect(cycles).toEqual([])
})

/** Type-only imports cost nothing at run time and may point back. */
function runtimeImports(file: string): string[] {
  const text = readFileSync(join(source, file), 'utf8').replace(/^import type [^'"]*?from\s+'[^']+'/gm, '').replace(/^export type \{[^'"]*?from\s+'[^']+'/gm, '')
  return [...text.matchAll(/^(?:import|export)\s[^'"]*?from\s+'(\.[^']+)'/gm)].map((match) => relative(source, normalize(join(dirname(join(source, file)), match[1]!))))
}

test('drivers appear only in their adapter’s folder', () => {
  const homes: Readonly<Record<string, readonly string[]>> = {
    pg: ['store/relational'], kysely: ['store/relational'], '@clickhouse/client': ['store/events'], undici: ['gateway'], chdb: ['engines'],
    fastify: ['api', 'control'], '@node-rs/argon2': ['api'], '@pydantic/genai-prices': ['jobs'],
  }
  const wrong: string[] = []
  for (const file of sources) {
    for (const target of importsOf(join(source, file))) {
      const home = homes[target]
      if (home !== undefined && !home.some((folder) => file.startsWith(`${folder}/`))) wrong.push(`${file} imports ${target}`)
    }
  }
  expect(wrong).toEqual([])
})

test('rooms stay small: no file above 520 lines, and no name that says nothing', () => {
  const large = sources.map((file) => [file, readFileSync(join(source, file), 'utf8').split('\n').length] as const).filter(([, lines]) => lines > 520)
  // Each exception carries its reason; the list only shrinks.
  const exceptions: readonly string[] = []
  expect(large.filter(([file]) => !exceptions.includes(file))).toEqual([])
  expect(sources.filter((file) => /(^|\/|-)(utils?|helpers?|common|manager|service|misc)\b/.test(file))).toEqual([])
})
