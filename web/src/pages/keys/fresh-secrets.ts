/**
 * Secrets of keys made on this page load, so that Get started can fill them in. They live in this script's memory only and
 * are gone with the page; the server keeps a hash.
 */
const secrets = new Map<string, string>()

export const rememberSecret = (keyId: string, secret: string): void => { secrets.set(keyId, secret) }
export const freshSecret = (keyId: string | undefined): string | null => (keyId === undefined ? null : (secrets.get(keyId) ?? null))
