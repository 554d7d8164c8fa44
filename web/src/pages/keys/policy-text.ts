import type { KeyPolicy } from '../../../../src/api/contract/contract.ts'

/*
 * A key's policy as people type and read it. Lists are written with commas; pinned attribution as name=value.
 */
export const attributionFields = ['user', 'agent', 'workflow', 'run', 'step', 'session'] as const
export type AttributionField = (typeof attributionFields)[number]

export interface PolicyTyped {
  readonly models: string
  readonly providers: string
  readonly required: readonly AttributionField[]
  readonly pinned: string
  /** all | none | only */
  readonly tagRule: string
  readonly tags: string
}
export type PolicyErrors = Readonly<Partial<Record<'models' | 'providers' | 'pinned' | 'tags', string>>>

export const listOf = (text: string): readonly string[] => [...new Set(text.split(/[\s,]+/).filter(Boolean))]

/** name=value pairs; values may hold spaces but no comma. */
function readPinned(text: string): { readonly pinned: Record<string, string>; readonly error: string | null } {
  const pinned: Record<string, string> = {}
  for (const part of text.split(',').map((piece) => piece.trim()).filter(Boolean)) {
    const [, name = '', value = ''] = /^([^=]+)=(.*)$/.exec(part) ?? []
    if (value.trim() === '') return { pinned, error: `“${part}” is not of the form name=value.` }
    if (!/^(user|agent|workflow|run|step|session|tag:.{1,64})$/.test(name.trim())) return { pinned, error: `“${name.trim()}” cannot be pinned: use user, agent, workflow, run, step, session or tag:name.` }
    pinned[name.trim()] = value.trim()
  }
  return { pinned, error: null }
}

/** The policy that was typed, or what is wrong with it by field. */
export function readPolicy(typed: PolicyTyped): { readonly policy: KeyPolicy; readonly errors: PolicyErrors } {
  const models = listOf(typed.models)
  const starred = models.find((model) => /\*./.test(model))
  const { pinned, error } = readPinned(typed.pinned)
  const tags = typed.tagRule === 'all' ? null : typed.tagRule === 'none' ? [] : [...listOf(typed.tags)]
  return {
    policy: { models: [...models], providers: [...listOf(typed.providers)], required: [...typed.required], pinned, tags },
    errors: {
      ...(starred === undefined ? {} : { models: `“${starred}”: a star may stand only at the end, as in gpt-4o*.` }),
      ...(error === null ? {} : { pinned: error }),
      ...(typed.tagRule === 'only' && tags?.length === 0 ? { tags: 'Name at least one tag.' } : {}),
    },
  }
}

export function writePolicy(policy: KeyPolicy): PolicyTyped {
  return {
    models: policy.models.join(', '), providers: policy.providers.join(', '), required: policy.required,
    pinned: Object.entries(policy.pinned).map(([name, value]) => `${name}=${value}`).join(', '),
    tagRule: policy.tags === null ? 'all' : policy.tags.length === 0 ? 'none' : 'only', tags: policy.tags?.join(', ') ?? '',
  }
}

/** What the policy says, one sentence per rule; empty when it allows everything. */
export function describePolicy(policy: KeyPolicy): readonly string[] {
  const pinned = Object.entries(policy.pinned)
  return [
    policy.models.length > 0 ? `Models: ${policy.models.join(', ')} only.` : '',
    policy.providers.length > 0 ? `Providers: ${policy.providers.join(', ')} only.` : '',
    policy.required.length > 0 ? `Each call must say its ${policy.required.join(', ')}.` : '',
    pinned.length > 0 ? `Always booked as ${pinned.map(([name, value]) => `${name} ${value}`).join(', ')}, whatever headers say.` : '',
    policy.tags === null ? '' : policy.tags.length === 0 ? 'No tags are kept.' : `Tags kept: ${policy.tags.join(', ')}.`,
  ].filter((sentence) => sentence !== '')
}
