import type { ApiKey } from '../api/contract/contract.ts'
import { ConfigError } from '../config/config.ts'
import { withApi } from './api-client.ts'
import { endOf } from './calendar.ts'
import { UsageError, type Given } from './command-line.ts'
import { findNode } from './find-node.ts'
import { readableDay, textTable } from './text-table.ts'

/** `tollgate keys list`. */
export async function listKeys(given: Given): Promise<number> {
  const keys = await withApi(async (api) => {
    const app = given.text('app')
    return api.rows<ApiKey>('/api/v1/keys', { nodeId: app === undefined ? undefined : (await findNode(api, app)).id, state: given.is('all') ? undefined : 'active' })
  })
  if (given.is('json')) console.log(JSON.stringify({ rows: keys }, null, 2))
  else if (keys.length === 0) console.log('There are no keys here.')
  else {
    console.log(textTable(
      [{ name: 'Key' }, { name: 'Name' }, { name: 'App' }, { name: 'Team' }, { name: 'Ends in' }, { name: 'State' }, { name: 'Made' }, { name: 'Expires' }],
      keys.map((key) => [key.id, key.name, key.appName, key.teamName, `…${key.hint}`, key.state, readableDay(key.createdAt), readableDay(key.expiresAt) || 'never']),
    ))
  }
  return 0
}

/** `tollgate keys create`: the secret alone on standard output, so that a script can take it; the rest beside it. */
export async function createKey(given: Given): Promise<number> {
  const [appText, name] = [given.text('app'), given.text('name')]
  if (appText === undefined || name === undefined) throw new UsageError('A key needs --app and --name: who pays, and what it is for.')
  const expires = given.text('expires')
  const made = await withApi(async (api) => {
    const app = await findNode(api, appText, 'app')
    return api.send<ApiKey & { secret: string }>('POST', '/api/v1/keys', { appId: app.id, name, ...(expires === undefined ? {} : { expiresAt: endOf('expires', expires, Date.now()) }) })
  })
  if (given.is('json')) console.log(JSON.stringify(made, null, 2))
  else {
    console.error(`Key ${made.id} of ${made.appName}, ${made.expiresAt === null ? 'without an end' : `until ${readableDay(made.expiresAt)}`}. It is shown this once:`)
    console.log(made.secret)
  }
  return 0
}

/** `tollgate keys revoke`: by id, or by a name that only one active key has. */
export async function revokeKey(given: Given): Promise<number> {
  const [text = ''] = given.operands
  const key = await withApi(async (api) => {
    const keys = await api.rows<ApiKey>('/api/v1/keys')
    const found = keys.filter((each) => each.id === text || (each.name === text && each.state === 'active'))
    if (found.length > 1) throw new UsageError(`${found.length} active keys are called "${text}". Say which: ${found.map((each) => `${each.id} (${each.appName})`).join(', ')}.`)
    if (found[0] === undefined) throw new ConfigError(`There is no active key "${text}". \`tollgate keys list\` shows them.`)
    return api.send<ApiKey>('POST', `/api/v1/keys/${encodeURIComponent(found[0].id)}/revoke`)
  })
  if (given.is('json')) console.log(JSON.stringify(key, null, 2))
  else console.log(`${key.name} (${key.id}) is revoked. Gateways refuse it within two seconds.`)
  return 0
}
