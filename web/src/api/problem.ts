/** A problem+json answer, or the lack of any answer, as one error type that pages can show. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem'
  readonly status: number
  readonly code: string
  readonly title: string
  readonly detail: string
  readonly instance: string
  /** For `invalid`: what to send instead, by the name of the field. */
  readonly fields: Readonly<Record<string, string>>

  constructor(facts: { readonly status: number; readonly code: string; readonly title: string; readonly detail: string; readonly instance: string; readonly fields?: Readonly<Record<string, string>> }) {
    super(facts.detail === '' ? facts.title : facts.detail)
    this.status = facts.status
    this.code = facts.code
    this.title = facts.title
    this.detail = facts.detail
    this.instance = facts.instance
    this.fields = facts.fields ?? {}
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

function fieldsOf(errors: unknown): Readonly<Record<string, string>> {
  if (!Array.isArray(errors)) return {}
  const said = errors.map((error: unknown) => (typeof error === 'object' && error !== null ? (error as Record<string, unknown>) : {}))
  return Object.fromEntries(said.map((error) => [textOf(error['field']), textOf(error['message'])]).toReversed())
}

/** Reads what the server said; a body that is not a problem document still gives a usable sentence. */
export function problemOf(status: number, body: unknown): ApiProblem {
  const facts = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
  return new ApiProblem({
    status,
    code: textOf(facts['code']) || (status === 0 ? 'offline' : 'unexpected'),
    title: textOf(facts['title']) || (status === 0 ? 'The console could not reach its server.' : `The server answered ${status}.`),
    detail: textOf(facts['detail']),
    instance: textOf(facts['instance']),
    fields: fieldsOf(facts['errors']),
  })
}

/** True while an engine restarts: worth asking again without bothering anyone. */
export const isPassing = (error: unknown): boolean => error instanceof ApiProblem && (error.status === 503 || error.status === 0)
export const isUnauthenticated = (error: unknown): boolean => error instanceof ApiProblem && error.status === 401
/** What the server said of single fields of a form; none for any other failure. */
export const fieldErrors = (error: unknown): Readonly<Record<string, string>> => (error instanceof ApiProblem ? error.fields : {})
