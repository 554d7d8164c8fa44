import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { dialectDefaults, providerDialects } from '../core/usage/provider-dialects.ts'

/**
 * Configuration: `tollgate.yaml` (or TOLLGATE_CONFIG), then the environment over it. `${NAME}` and `${NAME:-default}`
 * are taken from the environment. An unknown key is an error that names the nearest known one.
 */
const port = z.coerce.number().int().min(0).max(65_535)
const provider = z.strictObject({
  dialect: z.enum(providerDialects).default('openai').describe('Wire format. Default openai.'),
  base_url: z.url().optional().describe('Upstream without the API version: https://api.openai.com. Needed but for anthropic and gemini, which have an address of their own.'),
  api_key: z.string().nullish().transform((text) => text || undefined).describe('Secret sent upstream; empty = none.'),
  key_header: z.string().optional().describe('Header that carries the secret; authorization gets "Bearer ". Default x-api-key for anthropic, x-goog-api-key for gemini, else authorization.'),
  price_as: z.string().optional().describe('Provider name in the price book. Default anthropic and google for these dialects, else the entry\'s own name.'),
  region: z.string().default('').describe('Written on every record.'),
  call_price: z.string().regex(/^\d+(\.\d{1,15})?$/).optional().describe('Price of one call of an http route, decimal.'),
  currency: z.string().length(3).default('USD').describe('ISO 4217.'),
  timeout_ms: z.coerce.number().int().min(100).max(3_600_000).default(120_000).describe('Until the answer\'s headers. Default 120000.'),
  retries_max: z.coerce.number().int().min(0).max(5).default(1).describe('Further attempts before the first byte. Default 1.'),
})
/** An entry with what its dialect says for everything left out. */
const completeProvider = provider.transform((entry, context) => {
  const defaults = dialectDefaults[entry.dialect]
  const baseUrl = entry.base_url ?? defaults.baseUrl
  if (baseUrl === null) {
    context.issues.push({ code: 'custom', input: entry, path: ['base_url'], message: `Needed for dialect ${entry.dialect}.` })
    return z.NEVER
  }
  return { ...entry, base_url: baseUrl, key_header: entry.key_header ?? defaults.keyHeader, price_as: entry.price_as ?? defaults.priceAs ?? undefined }
})
const schema = z.strictObject({
  data_dir: z.string().default('./tollgate-data'),
  postgres_url: z.string().optional(),
  clickhouse_url: z.string().optional(),
  gateway: z.strictObject({
    host: z.string().default('127.0.0.1'),
    port: port.default(8400),
    durability: z.enum(['process', 'disk']).default('process'),
    name: z.string().default('local'),
    control_url: z.string().optional(),
    public_url: z.string().optional(),
    journal_free_bytes_min: z.coerce.number().int().min(0).optional(),
  }).prefault({}),
  console: z.strictObject({
    host: z.string().default('127.0.0.1'),
    port: port.default(8401),
    allowed_hosts: z.array(z.string()).default([]),
    secure_cookies: z.boolean().default(false),
  }).prefault({}),
  providers: z.record(z.string().regex(/^[a-z][a-z0-9_-]{0,39}$/), completeProvider).default({}),
})

type FileConfig = z.infer<typeof schema>
export type ProviderConfig = z.infer<typeof completeProvider>
export interface Config extends FileConfig {
  /** Providers made from well-known environment variables, by name; their secrets are never stored. */
  readonly envProviders: Readonly<Record<string, ProviderConfig>>
  readonly nodeCredential: string | null
  readonly secretKeyText: string | null
}

/** Bad configuration, in words for the person who wrote it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

export function loadConfig(env: NodeJS.ProcessEnv, cwd: string): Config {
  const path = env['TOLLGATE_CONFIG'] ?? resolve(cwd, 'tollgate.yaml')
  const fromFile = existsSync(path) ? readFileConfig(path, env) : {}
  if (env['TOLLGATE_CONFIG'] !== undefined && !existsSync(path)) throw new ConfigError(`TOLLGATE_CONFIG names ${path}, which does not exist.`)
  const merged = withEnvironment(fromFile, env)
  const parsed = schema.safeParse(merged)
  if (!parsed.success) throw new ConfigError(`Configuration is not valid:\n${parsed.error.issues.map(describeIssue).join('\n')}`)
  return {
    ...parsed.data, data_dir: resolve(cwd, parsed.data.data_dir), envProviders: providersOf(env),
    nodeCredential: env['TOLLGATE_NODE_CREDENTIAL'] ?? null, secretKeyText: env['TOLLGATE_SECRET_KEY'] ?? null,
  }
}

function readFileConfig(path: string, env: NodeJS.ProcessEnv): Record<string, unknown> {
  const text = readFileSync(path, 'utf8').replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g, (_whole, name: string, fallback?: string) => {
    const value = env[name] ?? fallback
    if (value === undefined) throw new ConfigError(`${path} uses \${${name}}, which is not set in the environment.`)
    return value
  })
  try {
    const value: unknown = parseYaml(text)
    if (value === null) return {}
    if (typeof value !== 'object' || Array.isArray(value)) throw new ConfigError(`${path} must be a mapping at its top level.`)
    return value as Record<string, unknown>
  } catch (error) {
    if (error instanceof ConfigError) throw error
    throw new ConfigError(`${path} is not valid YAML: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Environment variable → place in the file. */
const variables: readonly (readonly [string, readonly [string, string?]])[] = [
  ['TOLLGATE_DATA_DIR', ['data_dir']], ['TOLLGATE_POSTGRES_URL', ['postgres_url']], ['TOLLGATE_CLICKHOUSE_URL', ['clickhouse_url']],
  ['TOLLGATE_GATEWAY_HOST', ['gateway', 'host']], ['TOLLGATE_GATEWAY_PORT', ['gateway', 'port']], ['TOLLGATE_DURABILITY', ['gateway', 'durability']],
  ['TOLLGATE_GATEWAY_NAME', ['gateway', 'name']], ['TOLLGATE_CONTROL_URL', ['gateway', 'control_url']], ['TOLLGATE_GATEWAY_URL', ['gateway', 'public_url']],
  ['TOLLGATE_JOURNAL_FREE_BYTES_MIN', ['gateway', 'journal_free_bytes_min']],
  ['TOLLGATE_CONSOLE_HOST', ['console', 'host']], ['TOLLGATE_CONSOLE_PORT', ['console', 'port']],
]

function withEnvironment(file: Record<string, unknown>, env: NodeJS.ProcessEnv): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...file }
  for (const [name, [section, member]] of variables) {
    const value = env[name]
    if (value === undefined || value === '') continue
    if (member === undefined) merged[section] = value
    else merged[section] = { ...(merged[section] as object | undefined), [member]: value }
  }
  const hosts = env['TOLLGATE_ALLOWED_HOSTS']
  if (hosts !== undefined && hosts !== '') merged['console'] = { ...(merged['console'] as object | undefined), allowed_hosts: hosts.split(',').map((host) => host.trim()) }
  return merged
}

/** Providers that the SDKs' own variables describe. The first variable that is set gives the key. */
const envPresets = [
  { name: 'openai', dialect: 'openai', keys: ['OPENAI_API_KEY'], baseUrl: 'OPENAI_BASE_URL', vendorUrl: 'https://api.openai.com' },
  { name: 'anthropic', dialect: 'anthropic', keys: ['ANTHROPIC_API_KEY'], baseUrl: 'ANTHROPIC_BASE_URL', vendorUrl: undefined },
  { name: 'gemini', dialect: 'gemini', keys: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'], baseUrl: 'GOOGLE_GEMINI_BASE_URL', vendorUrl: undefined },
] as const

function providersOf(env: NodeJS.ProcessEnv): Record<string, ProviderConfig> {
  const found: Record<string, ProviderConfig> = {}
  for (const { name, dialect, keys, baseUrl, vendorUrl } of envPresets) {
    const key = keys.map((variable) => env[variable] ?? '').find((text) => text !== '')
    if (key === undefined) continue
    const parsed = completeProvider.safeParse({ dialect, base_url: bareUrl(env[baseUrl] ?? '') || vendorUrl, api_key: key })
    if (!parsed.success) throw new ConfigError(`${baseUrl} is not an address such as "https://api.example.com".`)
    found[name] = parsed.data
  }
  return found
}

/** SDKs let their variable end in the API's version; upstream paths here carry it themselves. */
const bareUrl = (text: string): string => text.replace(/\/(v1(beta)?\/?)?$/, '')

function describeIssue(issue: z.core.$ZodIssue): string {
  const place = issue.path.join('.')
  if (issue.code !== 'unrecognized_keys') return `  ${place === '' ? '(top level)' : place}: ${issue.message}`
  const known = knownKeys(issue.path)
  return issue.keys.map((key) => {
    const nearest = nearestTo(key, known)
    return `  ${[place, key].filter((part) => part !== '').join('.')}: unknown key${nearest === null ? '' : `; did you mean "${nearest}"?`}`
  }).join('\n')
}

function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  if (path.length === 0) return Object.keys(schema.shape)
  if (path[0] === 'providers') return Object.keys(provider.shape)
  const section = path[0] === 'gateway' ? schema.shape.gateway : path[0] === 'console' ? schema.shape.console : null
  return section === null ? [] : Object.keys(section.unwrap().shape)
}

/** The known word at the smallest edit distance from a mistyped one, if it is near enough to be meant. */
export function nearestTo(key: string, known: readonly string[]): string | null {
  let best: string | null = null
  let bestDistance = Math.max(2, Math.floor(key.length / 2)) + 1
  for (const candidate of known) {
    const distance = editDistance(key, candidate)
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    row = next
  }
  return row[b.length]!
}
