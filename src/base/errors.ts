/**
 * The one catalogue of codes a caller can meet: status, and the sentence that says what to do.
 * Codes are public and stable; handlers never invent a status or a text.
 */
export const errorCatalogue = {
  // gateway: caller
  key_missing: { status: 401, text: 'No Tollgate key was sent. Put a key (tg_…) where your SDK puts its API key.' },
  key_unknown: { status: 401, text: 'This key is not known to this gateway. Check it, or create one in the console under Keys.' },
  key_revoked: { status: 401, text: 'This key was revoked. Ask its team for a new one.' },
  key_expired: { status: 401, text: 'This key has expired. Ask its team for a new one.' },
  model_not_allowed: { status: 403, text: "This key's policy does not allow this model." },
  attribution_required: { status: 400, text: "This key's policy requires attribution headers that are missing." },
  endpoint_not_metered: { status: 403, text: 'This endpoint is not metered, so it is not served. See docs for the endpoints that are.' },
  provider_unknown: { status: 404, text: 'No provider or route of this name is configured.' },
  provider_not_configured: { status: 503, text: 'The provider has no credential yet. Set its API key in the environment, in tollgate.yaml or in the console.' },
  // gateway: bad input
  body_malformed: { status: 400, text: 'The request body is not valid JSON for this endpoint.' },
  body_too_large: { status: 413, text: 'The request body is larger than this gateway accepts.' },
  header_invalid: { status: 400, text: 'A request header is not valid.' },
  path_invalid: { status: 400, text: 'The request path is not in normal form (no "..", "//", encoded slashes or absolute URLs).' },
  request_timeout: { status: 408, text: 'The request did not arrive in time.' },
  // gateway: enforcement
  budget_exceeded: { status: 402, text: 'This call could overrun a budget.' },
  bound_unknown: { status: 402, text: 'A hard budget covers this call, and no upper bound of its cost can be proven.' },
  unpriced_under_budget: { status: 402, text: 'A hard budget covers this call, and the model has no known price.' },
  rate_limited: { status: 429, text: 'Too many requests for this entitlement.' },
  journal_full: { status: 503, text: 'The gateway cannot write its journal, so it takes no new calls. Free disk space on the gateway.' },
  lease_unavailable: { status: 503, text: 'A hard budget covers this call and its lease cannot be obtained now.' },
  snapshot_missing: { status: 503, text: 'This gateway has not received its configuration yet. Try again shortly.' },
  overloaded: { status: 503, text: 'This gateway is at its limit. Try again shortly.' },
  draining: { status: 503, text: 'This gateway is shutting down. Try again.' },
  // gateway: upstream
  upstream_unreachable: { status: 502, text: 'The provider could not be reached.' },
  upstream_reset: { status: 502, text: 'The provider closed the connection before answering.' },
  upstream_timeout: { status: 504, text: 'The provider did not answer in time.' },
  // control API
  unauthenticated: { status: 401, text: 'Sign in, or send an API token as a bearer credential.' },
  forbidden: { status: 403, text: 'Your role does not allow this here.' },
  csrf_failed: { status: 403, text: 'The X-CSRF-Token header does not match this session.' },
  host_invalid: { status: 403, text: 'This host name is not one the console serves. Set TOLLGATE_ALLOWED_HOSTS.' },
  not_found: { status: 404, text: 'There is nothing of this id here.' },
  conflict: { status: 409, text: 'This conflicts with what is stored.' },
  invalid: { status: 400, text: 'The request is not valid.' },
  too_many_requests: { status: 429, text: 'Too many attempts. Wait a minute.' },
  engine_unavailable: { status: 503, text: 'The database engine is starting or restarting. Try again shortly.' },
  query_too_large: { status: 422, text: 'This query would read too much. Narrow the range or the dimensions.' },
  internal: { status: 500, text: 'An internal error; it was logged with this id.' },
  // sync protocol
  node_unknown: { status: 401, text: 'This gateway credential is not known.' },
  journal_mismatch: { status: 409, text: 'This journal belongs to another gateway.' },
  epoch_stale: { status: 409, text: 'This journal epoch has ended.' },
  block_out_of_order: { status: 409, text: 'This block is not the next one of its journal.' },
  block_corrupt: { status: 422, text: 'This block does not match its checksum.' },
} as const satisfies Record<string, { status: number; text: string }>

export type ErrorCode = keyof typeof errorCatalogue

/** An expected failure on its way to a caller. `detail` adds the particulars to the catalogue's sentence. */
export class TollgateError extends Error {
  override readonly name = 'TollgateError'
  readonly code: ErrorCode
  readonly detail: string | undefined
  readonly facts: Readonly<Record<string, string | number | null>> | undefined

  constructor(code: ErrorCode, detail?: string, facts?: Readonly<Record<string, string | number | null>>) {
    super(detail === undefined ? errorCatalogue[code].text : `${errorCatalogue[code].text} ${detail}`)
    this.code = code
    this.detail = detail
    this.facts = facts
  }

  get status(): number {
    return errorCatalogue[this.code].status
  }
}
