import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { assert } from '../../base/assert.ts'

const formatVersion = 1
const nonceBytes = 12
const tagBytes = 16

/**
 * AES-256-GCM for what must be stored and read again. `place` names the row it belongs to and is authenticated, so that a
 * sealed value copied to another row does not open. Sealed form: version, nonce, tag, ciphertext.
 */
export interface SecretBox {
  seal(text: string, place: readonly string[]): Buffer
  /** Throws an error that names the place when the key is not the one it was sealed with. */
  open(sealed: Buffer, place: readonly string[]): string
}

/** `secretKey` is 32 bytes. */
export function createSecretBox(secretKey: Buffer): SecretBox {
  assert(secretKey.length === 32, 'the secret key must have 32 bytes')
  const key = Buffer.from(secretKey)
  return {
    seal(text, place) {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(placeBytes(place))
      const ciphertext = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return Buffer.concat([Buffer.of(formatVersion), nonce, cipher.getAuthTag(), ciphertext])
    },
    open(sealed, place) {
      assert(sealed[0] === formatVersion, `the sealed value of ${place.join(' ')} must have a known format`)
      const nonce = sealed.subarray(1, 1 + nonceBytes)
      const tag = sealed.subarray(1 + nonceBytes, 1 + nonceBytes + tagBytes)
      const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAAD(placeBytes(place)).setAuthTag(tag)
      try {
        return decipher.update(sealed.subarray(1 + nonceBytes + tagBytes), undefined, 'utf8') + decipher.final('utf8')
      } catch {
        throw new Error(`The stored secret of ${place.join(' ')} does not open with this installation's secret key. Start with the key it was stored under, or enter the secret again.`)
      }
    },
  }
}

const placeBytes = (place: readonly string[]): Buffer => Buffer.from(JSON.stringify(place))
