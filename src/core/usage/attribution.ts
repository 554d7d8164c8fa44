import type { KeyPolicy } from './key-policy.ts'
import type { Attribution } from './usage-record.ts'
import { limits } from '../../config/limits.ts'

/**
 * Where attribution comes from, first source first; the winner per field is noted in `rule`:
 *   1. the key's pinned values
 *   2. x-tollgate-* headers
 *   3. W3C baggage members named tollgate.* or user.id / session.id
 *   4. fields of the request body (user, safety_identifier, metadata)
 *   5. other gateways' headers (Helicone-*, x-litellm-*, x-portkey-metadata, cf-aig-metadata)
 */
/** Headers by lower-case name; of a repeated one the first counts. */
export type HeaderBag = Readonly<Record<string, string | readonly string[] | undefined>>
type HeaderLookup = (lowerCaseName: string) => string | undefined
const fields = ['user', 'agent', 'workflow', 'run', 'parentRun', 'step', 'session'] as const
type Field = (typeof fields)[number]

const headerOf: Readonly<Record<Field, string>> = {
  user: 'x-tollgate-user', agent: 'x-tollgate-agent', workflow: 'x-tollgate-workflow', run: 'x-tollgate-run',
  parentRun: 'x-tollgate-parent-run', step: 'x-tollgate-step', session: 'x-tollgate-session',
}
const baggageOf: Readonly<Record<string, Field>> = {
  'tollgate.user': 'user', 'user.id': 'user', 'tollgate.agent': 'agent', 'gen_ai.agent.name': 'agent', 'tollgate.workflow': 'workflow',
  'tollgate.run': 'run', 'tollgate.parent-run': 'parentRun', 'tollgate.step': 'step', 'tollgate.session': 'session', 'session.id': 'session',
}
const compatibleOf: Readonly<Partial<Record<Field, readonly string[]>>> = {
  user: ['helicone-user-id', 'x-litellm-end-user-id'], session: ['helicone-session-id', 'x-litellm-session-id'],
  workflow: ['helicone-session-name'], step: ['helicone-session-path'], agent: ['x-litellm-agent-id'],
}
const metadataField: Readonly<Record<string, Field>> = {
  user: 'user', user_id: 'user', _user: 'user', agent: 'agent', workflow: 'workflow', run: 'run', run_id: 'run', parent_run: 'parentRun',
  step: 'step', session: 'session', session_id: 'session',
}

export interface BodyClaims {
  readonly user: string
  readonly metadata: Readonly<Record<string, string>>
}

/** Nobody said anything. */
export const nothingSaid: Attribution = Object.freeze({ user: '', agent: '', workflow: '', run: '', parentRun: '', step: '', session: '', tags: Object.freeze({}), rule: '' })

/** What the caller said, under the key's policy. Values are cut at `attributionValueBytesMax`; control characters are dropped. */
export function readAttribution(headers: HeaderBag, body: BodyClaims, policy: KeyPolicy): Attribution {
  if (!speak(headers) && isEmpty(body.metadata) && isEmpty(policy.pinned)) {
    return body.user === '' ? nothingSaid : { ...nothingSaid, user: clean(body.user), rule: 'user=body' }
  }
  const header: HeaderLookup = (name) => {
    const value = headers[name]
    return typeof value === 'string' ? value : value?.[0]
  }
  const baggage = readBaggage(header('baggage'))
  const compatible = readJsonHeader(header('x-portkey-metadata') ?? header('cf-aig-metadata'))
  const values: Record<Field, string> = { user: '', agent: '', workflow: '', run: '', parentRun: '', step: '', session: '' }
  let rule = ''
  for (const field of fields) {
    const won = firstOf(field, header, baggage, body, compatible, policy)
    if (won === null) continue
    values[field] = won[1]
    rule += rule === '' ? `${field}=${won[0]}` : `,${field}=${won[0]}`
  }
  return { ...values, tags: readTags(header, body.metadata, policy), rule }
}

/** Whether any header may attribute the call. Most calls have none, and then nothing needs to be looked up. */
function speak(headers: HeaderBag): boolean {
  for (const name in headers) {
    switch (name.charCodeAt(0)) {
      case 0x78: if (name.startsWith('x-tollgate-') || name.startsWith('x-litellm-') || name.startsWith('x-portkey-')) return true; break
      case 0x68: if (name.startsWith('helicone-')) return true; break
      case 0x62: if (name === 'baggage') return true; break
      case 0x63: if (name === 'cf-aig-metadata') return true; break
    }
  }
  return false
}

function isEmpty(object: Readonly<Record<string, string>>): boolean {
  for (const _name in object) return false
  return true
}

/** Required fields that are missing; empty when the policy is met. */
export function missingAttribution(attribution: Attribution, policy: KeyPolicy): readonly string[] {
  return policy.required.filter((name) => (isField(name) ? attribution[name] === '' : attribution.tags[name] === undefined))
}
const isField = (name: string): name is Field => (fields as readonly string[]).includes(name)

function firstOf(
  field: Field, header: HeaderLookup, baggage: ReadonlyMap<Field, string> | null, body: BodyClaims,
  compatible: Readonly<Record<string, string>> | null, policy: KeyPolicy,
): readonly [string, string] | null {
  const pinned = policy.pinned[field]
  if (pinned !== undefined) return ['pinned', pinned]
  const own = header(headerOf[field])
  if (own !== undefined && own !== '') return ['x-tollgate', clean(own)]
  const fromBaggage = baggage?.get(field)
  if (fromBaggage !== undefined) return ['baggage', clean(fromBaggage)]
  if (field === 'user' && body.user !== '') return ['body', clean(body.user)]
  for (const name in body.metadata) if (metadataField[name] === field) return ['body', clean(body.metadata[name]!)]
  for (const name of compatibleOf[field] ?? []) {
    const value = header(name)
    if (value !== undefined && value !== '') return [name, clean(value)]
  }
  for (const name in compatible) if (metadataField[name] === field) return ['compatible', clean(compatible[name]!)]
  return null
}

function readTags(header: HeaderLookup, metadata: Readonly<Record<string, string>>, policy: KeyPolicy): Record<string, string> {
  const tags: Record<string, string> = {}
  let count = 0
  const put = (name: string, value: string): void => {
    const tag = clean(name).slice(0, limits.tagKeyBytesMax)
    if (tag === '' || count >= limits.tagsMax || tags[tag] !== undefined) return
    if (policy.tags !== null && !policy.tags.includes(tag)) return
    tags[tag] = clean(value).slice(0, limits.tagValueBytesMax)
    count += 1
  }
  for (const name in policy.pinned) if (!isField(name)) put(name, policy.pinned[name]!)
  const own = header('x-tollgate-tags')
  if (own !== undefined) for (const [name, value] of pairs(own)) put(name, value)
  for (const name in metadata) if (metadataField[name] === undefined) put(name, metadata[name]!)
  const litellm = header('x-litellm-tags')
  if (litellm !== undefined) for (const tag of litellm.split(',')) put(tag.trim(), 'true')
  return tags
}

function* pairs(text: string): Generator<readonly [string, string]> {
  for (const pair of text.split(',')) {
    const equals = pair.indexOf('=')
    if (equals > 0) yield [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()]
  }
}

function readBaggage(text: string | undefined): ReadonlyMap<Field, string> | null {
  if (text === undefined) return null
  const found = new Map<Field, string>()
  for (const [name, value] of pairs(text)) {
    const field = baggageOf[name]
    if (field !== undefined && !found.has(field)) found.set(field, percentDecoded(value.split(';', 1)[0]!))
  }
  return found
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function readJsonHeader(text: string | undefined): Readonly<Record<string, string>> | null {
  if (text === undefined) return null
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return null
    return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
  } catch {
    return null
  }
}

// oxlint-disable-next-line no-control-regex -- dropping control characters is what this is for
const unclean = /[\u0000-\u001f\u007f\ud800-\udfff]/
function clean(text: string): string {
  const cut = text.length > limits.attributionValueBytesMax ? text.slice(0, limits.attributionValueBytesMax) : text
  if (!unclean.test(cut)) return cut
  // oxlint-disable-next-line no-control-regex -- as above
  return cut.toWellFormed().replace(/[\u0000-\u001f\u007f]/g, '')
}
