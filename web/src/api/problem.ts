/** A problem+json answer, or the lack of any answer, as one error type that pages can show. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem'
  readonly status: number
  readonly code: string
  readonly title: string
  readonly detail: string
  readonly instance: string

  constructor(facts: { readonly status: number; readonly code: string; readonly title: string; readonly detail: string; readonly instance: string }) {
    super(facts.detail === '' ? facts.title : facts.detail)
    this.status = facts.status
    this.code = facts.code
    this.title = facts.title
    this.detail = facts.detail
    this.instance = facts.instance
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** Reads what the server said; a body that is not a problem document still gives a usable sentence. */
export function problemOf(status: number, body: unknown): ApiProblem {
  const facts = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
  return new ApiProblem({
    status,
    code: textOf(facts['code']) || (status === 0 ? 'offline' : 'unexpected'),
    title: textOf(facts['title']) || (status === 0 ? 'The console could not reach its server.' : `The server answered ${status}.`),
    detail: textOf(facts['detail']),
    instance: textOf(facts['instance']),
  })
}

/** True while an engine restarts: worth asking again without bothering anyone. */
export const isPassing = (error: unknown): boolean => error instanceof ApiProblem && (error.status === 503 || error.status === 0)
export const isUnauthenticated = (error: unknown): boolean => error instanceof ApiProblem && error.status === 401
