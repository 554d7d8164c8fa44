import { execFileSync } from 'node:child_process'
import { cpSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

/* What `npm publish` would send, unpacked beside its dependencies as `npx tollgate` would find it. */

const root = resolve(import.meta.dirname, '../..')
const dist = dirname(resolve(process.env['TOLLGATE_TEST_PROGRAM'] ?? join(root, 'dist/main.js')))
let directory: string
let files: readonly string[]

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tollgate-package-'))
  const source = join(directory, 'source')
  for (const name of ['package.json', 'README.md', 'LICENSE', 'src', 'web/src', 'web/package.json']) cpSync(join(root, name), join(source, name), { recursive: true })
  cpSync(dist, join(source, 'dist'), { recursive: true })
  const [packed] = JSON.parse(execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', directory], { cwd: source, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })) as { filename: string; files: { path: string }[] }[]
  files = packed!.files.map((file) => file.path)
  const modules = join(directory, 'node_modules')
  mkdirSync(join(modules, 'tollgate'), { recursive: true })
  execFileSync('tar', ['-xzf', join(directory, packed!.filename), '-C', join(modules, 'tollgate'), '--strip-components=1'])
  // Only what the package itself depends on stands beside it: neither the console's workspace nor the tools of building.
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: Record<string, string> }
  for (const name of Object.keys(dependencies)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), join(modules, name))
  }
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

test('the package is the built program, the console, a readme and the licence', () => {
  for (const file of ['package.json', 'README.md', 'LICENSE', 'dist/main.js', 'dist/web/index.html']) expect(files).toContain(file)
  expect(files.filter((file) => !/^(dist\/|package\.json$|README\.md$|LICENSE$)/.test(file))).toEqual([])
  expect(files.filter((file) => /\.test\.|\.tsx?$|\.map$|fixtures/.test(file))).toEqual([])
})

test('its bin can be executed, and works without anything else of this repository', () => {
  const bin = join(directory, 'node_modules/tollgate/dist/main.js')
  expect(lstatSync(bin).mode & 0o111).toBe(0o111)
  const run = (...words: string[]): string => execFileSync(bin, words, { cwd: directory, encoding: 'utf8' })
  expect(run('version').trim()).toBe((JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version)
  // Each command's help reads its own file of words; --help of a group and of every command in it.
  expect(run('--help')).toContain('admin-token')
  expect(run('report', '--help')).toContain('--statement NODE')
  expect(readdirSync(join(directory, 'node_modules/tollgate')).sort()).toEqual(['LICENSE', 'README.md', 'dist', 'package.json'])
})
