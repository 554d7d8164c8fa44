import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import type { Log } from '../base/log.ts'
import type { Snapshot } from '../control/sync-protocol.ts'

/** The last snapshot, AES-256-GCM on disk, so that a gateway starts while the control plane is away. */
export class SnapshotFile {
  readonly #path: string
  readonly #key: Buffer
  readonly #log: Log

  constructor(path: string, key: Buffer, log: Log) {
    this.#path = path
    this.#key = key
    this.#log = log
  }

  read(): Snapshot | null {
    if (!existsSync(this.#path)) return null
    try {
      const bytes = readFileSync(this.#path)
      const cipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, 12))
      cipher.setAuthTag(bytes.subarray(12, 28))
      return JSON.parse(Buffer.concat([cipher.update(bytes.subarray(28)), cipher.final()]).toString('utf8')) as Snapshot
    } catch (error) {
      this.#log('warn', 'the stored snapshot cannot be read and is dropped', { reason: String(error) })
      rmSync(this.#path, { force: true })
      return null
    }
  }

  write(text: string): void {
    const nonce = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce)
    const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
    try {
      writeFileSync(`${this.#path}.next`, Buffer.concat([nonce, cipher.getAuthTag(), body]), { mode: 0o600 })
      renameSync(`${this.#path}.next`, this.#path)
    } catch (error) {
      this.#log('warn', 'the snapshot cannot be kept on disk', { reason: String(error) })
    }
  }
}
