import type { z } from 'zod'

/** Roles of a person, widest first; each is granted at a node of the organisation tree. */
export const roleNames = ['admin', 'finance', 'team_owner', 'viewer'] as const
export type RoleName = (typeof roleNames)[number]

/** Every role: whoever is granted anything may ask, and is answered within the nodes of the grant. */
export const anyRole: readonly RoleName[] = [...roleNames]

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** What the answer's body is. `none` goes with status 204. */
type Produces = 'json' | 'none' | 'text' | 'event-stream' | 'export'

/**
 * One route as data. The registrar validates by it, the OpenAPI document and the console's types are made from it.
 */
export interface RouteContract {
  /** Stable operation id, verb first: "createBudget". */
  readonly id: string
  readonly method: Method
  /** Full path; parameters in braces as OpenAPI writes them: "/api/v1/budgets/{id}". */
  readonly path: string
  readonly tag: string
  readonly summary: string
  /** public: no credential · signed_in: any principal, even without a grant · else any of these roles. */
  readonly role: 'public' | 'signed_in' | readonly RoleName[]
  /** org: the grant must stand at the organisation itself · node: any node; the handler checks the target. */
  readonly at: 'org' | 'node'
  readonly params: z.ZodType | null
  readonly query: z.ZodType | null
  readonly body: z.ZodType | null
  readonly response: z.ZodType
  readonly status: 200 | 201 | 204
  readonly produces: Produces
  /** True where the answer carries a secret that is shown once: a replayed answer leaves it out. */
  readonly secret: boolean
}

type Given = Pick<RouteContract, 'id' | 'method' | 'path' | 'tag' | 'summary' | 'role' | 'response'> & Partial<RouteContract>
const defaults = { at: 'node', params: null, query: null, body: null, status: 200, produces: 'json', secret: false } as const
type Defaults = typeof defaults

/** Completes a descriptor and keeps its schemas' types. */
export function route<const Route extends Given>(given: Route): Omit<Defaults, keyof Route> & Route {
  return { ...defaults, ...given }
}
