import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The installation's 32-byte key: from TOLLGATE_SECRET_KEY (any text, hashed), else a generated file of mode 0600. */
export function secretKey(dataDir: string, text: string | null): Buffer {
  if (text !== null) return createHash('sha256').update(text).digest()
  return Buffer.from(ownedText(dataDir, 'secret.key', () => randomBytes(32).toString('base64')), 'base64')
}

/** The credential of the gateway that this installation starts itself. */
export const localNodeCredential = (dataDir: string): string => ownedText(dataDir, 'node.key', () => `tgn_${randomBytes(24).toString('base64url')}`)

/** Text of a 0600 file in the data directory, made on first use. */
function ownedText(dataDir: string, name: string, make: () => string): string {
  const path = join(dataDir, name)
  if (existsSync(path)) return readFileSync(path, 'utf8').trim()
  const text = make()
  writeOwned(dataDir, name, text)
  return text
}

export function writeOwned(dataDir: string, name: string, text: string): void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  writeFileSync(join(dataDir, name), `${text}\n`, { mode: 0o600 })
  chmodSync(join(dataDir, name), 0o600)
}
