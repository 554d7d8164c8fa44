import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { errorCatalogue, TollgateError, type ErrorCode } from '../base/errors.ts'
import type { ApiLog } from './deps.ts'
import type { Problem } from './contract/contract.ts'

export interface FieldError { readonly field: string; readonly message: string }

/** A request that does not match its schema, field by field. */
export class InvalidRequest extends TollgateError {
  readonly errors: readonly FieldError[]

  constructor(errors: readonly FieldError[]) {
    super('invalid', errors.slice(0, 3).map((error) => `${error.field}: ${error.message}`).join(' '))
    this.errors = errors
  }
}

/** One wrong field, found by a handler. */
export const invalidField = (field: string, message: string): InvalidRequest => new InvalidRequest([{ field, message }])

const fastifyCodes: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_JSON_BODY: 'body_malformed',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'body_malformed',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'body_malformed',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'invalid',
}

/** Every failure becomes one of the catalogue's; what is not expected is logged and told only by its id. */
function asTollgateError(error: unknown): TollgateError | null {
  if (error instanceof TollgateError) return error
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
  const known = fastifyCodes[code]
  if (known) return new TollgateError(known, known === 'invalid' ? 'Send the body as application/json.' : undefined)
  if (error instanceof SyntaxError) return new TollgateError('body_malformed')
  const status = typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : 500
  return status === 400 ? new TollgateError('invalid') : null
}

/** Answers any failure as problem+json (RFC 9457). */
export function sendProblem(log: ApiLog, error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const expected = asTollgateError(error)
  if (!expected) log.error({ err: error, requestId: request.id, method: request.method, route: request.routeOptions.url }, 'request failed')
  const failure = expected ?? new TollgateError('internal')
  if (failure.status === 401) reply.header('www-authenticate', 'Bearer')
  if (failure.code === 'too_many_requests') reply.header('retry-after', '60')
  if (failure.code === 'engine_unavailable') reply.header('retry-after', '5')
  reply.code(failure.status).header('cache-control', 'no-store').type('application/problem+json').send(JSON.stringify(problemOf(failure, request.id)))
}

function problemOf(failure: TollgateError, requestId: string): Problem {
  return {
    type: `urn:tollgate:error:${failure.code}`,
    title: errorCatalogue[failure.code].text,
    status: failure.status,
    code: failure.code,
    ...(failure.detail === undefined ? {} : { detail: failure.detail }),
    instance: requestId,
    ...(failure instanceof InvalidRequest ? { errors: failure.errors } : {}),
    ...(failure.facts === undefined ? {} : { facts: failure.facts }),
  }
}

/** Parses one part of a request; every issue says which field it is and what to send. */
export function parsePart<Schema extends z.ZodType>(schema: Schema, value: unknown, part: 'body' | 'query' | 'params'): z.output<Schema> {
  const parsed = schema.safeParse(value, { error: sentenceOf })
  if (parsed.success) return parsed.data
  throw new InvalidRequest(parsed.error.issues.flatMap((issue) => fieldErrors(issue, part)).slice(0, 20))
}

function fieldErrors(issue: z.core.$ZodIssue, part: string): readonly FieldError[] {
  const path = issue.path.map(String).join('.')
  const field = path === '' ? part : path
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ field: path === '' ? key : `${path}.${key}`, message: 'There is no such field; check its spelling.' }))
  }
  return [{ field, message: issue.message }]
}

/** Sentences for issues whose schema does not bring its own. */
function sentenceOf(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? `Required: send ${article(issue.expected)}.` : `Send ${article(issue.expected)}, not ${article(kindOf(issue.input))}.`
    case 'invalid_value':
      return `Send ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map((value: unknown) => JSON.stringify(value)).join(', ')}.`
    case 'too_small':
      return issue.origin === 'string' || issue.origin === 'array' ? `Send at least ${issue.minimum} ${issue.origin === 'string' ? 'character(s)' : 'item(s)'}.` : `Send ${issue.minimum} or more.`
    case 'too_big':
      return issue.origin === 'string' || issue.origin === 'array' ? `Send at most ${issue.maximum} ${issue.origin === 'string' ? 'characters' : 'items'}.` : `Send ${issue.maximum} or less.`
    case 'invalid_format':
      return 'The format is not valid.'
    default:
      return undefined
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

function article(kind: string): string {
  if (kind === 'int') return 'a whole number'
  if (kind === 'null' || kind === 'undefined') return kind
  return `${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind === 'record' ? 'object' : kind}`
}
