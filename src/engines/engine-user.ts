import { readFileSync, statSync } from 'node:fs'

/** Who PostgreSQL runs as: it refuses root, so root lends it another user. Null: as ourselves. */
export interface EngineUser {
  readonly uid: number
  readonly gid: number
}

const overflowUser: EngineUser = { uid: 65_534, gid: 65_534 }

/**
 * The user for a cluster at `clusterPath`: whoever owns it if it is there already, else `postgres` or `nobody` from
 * /etc/passwd, else the overflow id, which needs no entry. No user is ever created.
 */
export function chooseEngineUser(clusterPath: string, passwdPath = '/etc/passwd'): EngineUser | null {
  if (process.getuid?.() !== 0) return null
  return ownerOf(clusterPath) ?? findUser(passwdPath, 'postgres') ?? findUser(passwdPath, 'nobody') ?? overflowUser
}

function ownerOf(path: string): EngineUser | null {
  try {
    const { uid, gid } = statSync(path)
    return uid === 0 ? null : { uid, gid }
  } catch {
    return null
  }
}

function findUser(passwdPath: string, name: string): EngineUser | null {
  try {
    const line = readFileSync(passwdPath, 'utf8').split('\n').find(entry => entry.startsWith(`${name}:`))
    const [, , uid, gid] = (line ?? '').split(':').map(Number)
    return uid && gid ? { uid, gid } : null
  } catch {
    return null
  }
}
