import { issueCredential, systemActor } from '../api/credentials.ts'
import type { Problem } from '../api/contract/contract.ts'
import { ConfigError, loadConfig, type Config } from '../config/config.ts'
import type { ControlStore, User } from '../store/ports.ts'
import { UsageError } from './command-line.ts'
import { openStores } from './control.ts'
import { consoleUrlOf, embeddedConfigs } from './embedded.ts'

/** The control API as the command line asks it. */
export interface ApiClient {
  readonly url: string
  get<Answer>(path: string, search?: Search): Promise<Answer>
  /** A file as text. */
  text(method: 'GET' | 'POST', path: string, search?: Search, body?: object): Promise<string>
  send<Answer>(method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: object, search?: Search): Promise<Answer>
  /** All rows of a list that comes in pages. */
  rows<Row>(path: string, search?: Search): Promise<readonly Row[]>
}
export type Search = Readonly<Record<string, string | number | boolean | undefined>>

const tokenAgeMs = 10 * 60_000
const answerWaitMs = 60_000

/**
 * Does work against an installation: the one that TOLLGATE_URL and TOLLGATE_TOKEN name, else the one that runs on this
 * machine. There, whoever may read the data directory is its administrator already: a token of that user is made for
 * the work, ends with it, and after ten minutes in any case.
 */
export async function withApi<Answer>(work: (api: ApiClient) => Promise<Answer>): Promise<Answer> {
  const { TOLLGATE_URL: url, TOLLGATE_TOKEN: token } = process.env
  if (url !== undefined && url !== '') {
    if (token === undefined || token === '') throw new ConfigError('TOLLGATE_URL is set and TOLLGATE_TOKEN is not. Make a token in the console (your name, API tokens), or unset both on the machine where Tollgate runs.')
    return work(clientOf(url.replace(/\/$/, ''), token))
  }
  const config = loadConfig(process.env, process.cwd())
  for (const candidate of embeddedConfigs(config)) {
    const opened = await openLocal(candidate)
    if (opened === null) continue
    try {
      return await work(clientOf(opened.url, opened.secret))
    } finally {
      await opened.end()
    }
  }
  throw new ConfigError(`No Tollgate runs from ${config.data_dir}. Start one with \`tollgate start\`, name its directory in TOLLGATE_DATA_DIR, or set TOLLGATE_URL and TOLLGATE_TOKEN.`)
}

/** An administrator of the installation: the first organisation's first one who may sign in. Null when it has none yet. */
export async function findAdmin(control: ControlStore): Promise<User | null> {
  for (const org of await control.listOrgs()) {
    const admin = (await control.listUsers(org.orgId)).find((user) => !user.disabled && user.grants.some((grant) => grant.role === 'admin' && grant.nodeId === org.id))
    if (admin !== undefined) return admin
  }
  return null
}

async function openLocal(config: Config): Promise<{ readonly url: string; readonly secret: string; end(): Promise<void> } | null> {
  const { control, events } = openStores(config, () => {})
  const close = async (): Promise<void> => { await Promise.all([control.close(), events.close()]) }
  const admin = await findAdmin(control).catch(() => null)
  if (admin === null) {
    await close()
    return null
  }
  const nowMs = await control.now()
  const { secret, credential } = await issueCredential(control, admin, systemActor, { kind: 'token', name: 'command line', nowMs, expiresAt: nowMs + tokenAgeMs })
  return {
    url: consoleUrlOf(config), secret,
    async end() {
      await control.takeCredential(credential.sha256, nowMs).catch(() => null)
      await close()
    },
  }
}

function clientOf(url: string, token: string): ApiClient {
  const ask = async (method: string, path: string, search: Search, body?: object): Promise<string> => {
    const params = new URLSearchParams(Object.entries(search).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)] as [string, string]])))
    const target = `${url}${path}${params.size === 0 ? '' : `?${params}`}`
    const headers = { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
    const answer = await fetch(target, { method, headers, body: body === undefined ? null : JSON.stringify(body), redirect: 'error', signal: AbortSignal.timeout(answerWaitMs) })
      .catch((error: unknown) => { throw new ConfigError(`${url} does not answer (${reasonOf(error)}). Is Tollgate running there?`) })
    const text = await answer.text()
    if (!answer.ok) throw refusalOf(url, answer.status, text)
    return text
  }
  const client: ApiClient = {
    url,
    text: (method, path, search = {}, body) => ask(method, path, search, body),
    get: async (path, search = {}) => JSON.parse(await ask('GET', path, search)) as never,
    async send(method, path, body, search = {}) {
      const text = await ask(method, path, search, body)
      return (text === '' ? null : JSON.parse(text)) as never
    },
    async rows(path, search = {}) {
      const rows: unknown[] = []
      for (let cursor: string | undefined; ;) {
        const page = await client.get<{ rows: unknown[]; next: string | null }>(path, { ...search, limit: 500, cursor })
        rows.push(...page.rows)
        if (page.next === null) return rows as never
        cursor = page.next
      }
    },
  }
  return client
}

const reasonOf = (error: unknown): string => {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? ('code' in cause ? String(cause.code) : cause.message) : String(cause)
}

/** The server's own words; what it could not read of a question is the asker's to mend. */
function refusalOf(url: string, status: number, text: string): Error {
  let problem: Partial<Problem>
  try { problem = JSON.parse(text) as Partial<Problem> } catch { return new ConfigError(`${url} answered ${status} and is not a Tollgate console.`) }
  if (status === 401) return new ConfigError(`${url} does not know this TOLLGATE_TOKEN: it has ended, or belongs to another installation.`)
  const fields = (problem.errors ?? []).map(({ field, message }) => `${field}: ${message}`).join(' ')
  const sentence = [problem.detail ?? problem.title ?? `It answered ${status}.`, fields].filter((part) => part !== '').join(' ')
  return status === 400 ? new UsageError(sentence) : new ConfigError(`${sentence} (${problem.code ?? status})`)
}
