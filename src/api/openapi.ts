import { z } from 'zod'
import { errorCatalogue } from '../base/errors.ts'
import { routeList } from './contract/contract.ts'
import type { RouteContract } from './contract/route.ts'

type Json = Record<string, unknown>

/** The contract as an OpenAPI 3.1 document. */
export function openApiDocument(version: string): Json {
  const paths: Record<string, Json> = {}
  for (const contract of routeList) {
    paths[contract.path] ??= {}
    paths[contract.path]![contract.method.toLowerCase()] = operationOf(contract)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tollgate', version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description: 'What did that AI call cost, and who pays? Instants are Unix milliseconds UTC; money is an exact decimal string. Writes take an Idempotency-Key header (1–200 printable characters, kept for 24 hours).',
    },
    tags: [...new Set(routeList.map((contract) => contract.tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'An API token (tgt_…).' },
        session: { type: 'apiKey', in: 'cookie', name: 'tollgate_session', description: 'The console\'s session; writes also send X-CSRF-Token.' },
      },
      schemas: { Problem: problemSchema },
    },
  }
}

const problemSchema = {
  type: 'object', description: 'RFC 9457 problem details.', required: ['type', 'title', 'status', 'code', 'instance'],
  properties: {
    type: { type: 'string' }, title: { type: 'string' }, status: { type: 'integer' },
    code: { type: 'string', enum: Object.keys(errorCatalogue), description: 'Stable code.' },
    detail: { type: 'string' }, instance: { type: 'string', description: 'Request id, also in the log.' },
    errors: { type: 'array', items: { type: 'object', properties: { field: { type: 'string' }, message: { type: 'string' } } }, description: 'For `invalid`: which field, and what to send.' },
    facts: { type: 'object' },
  },
}

function operationOf(contract: RouteContract): Json {
  return {
    operationId: contract.id, summary: contract.summary, tags: [contract.tag], description: rightsOf(contract),
    security: contract.role === 'public' ? [] : [{ token: [] }, { session: [] }],
    parameters: [...parametersOf(contract.params, 'path'), ...parametersOf(contract.query, 'query'), ...idempotencyOf(contract)],
    ...(contract.body ? { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(contract.body, 'input') } } } } : {}),
    responses: { [contract.status]: answerOf(contract), default: { description: 'A problem.', content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } } },
  }
}

function rightsOf(contract: RouteContract): string {
  if (contract.role === 'public') return 'Needs no credential.'
  if (contract.role === 'signed_in') return 'Any signed-in user.'
  return `Roles: ${contract.role.join(', ')}${contract.at === 'org' ? ', granted at the organisation' : '; answers and changes stay within the nodes of the grant'}.`
}

function answerOf(contract: RouteContract): Json {
  const types = { json: ['application/json'], text: ['text/plain'], 'event-stream': ['text/event-stream'], export: ['text/csv', 'application/json'], none: [] }[contract.produces]
  const schema = contract.produces === 'export' ? { type: 'string' } : schemaOf(contract.response, 'output')
  return { description: contract.produces === 'none' ? 'Done.' : contract.summary, ...(types.length === 0 ? {} : { content: Object.fromEntries(types.map((type) => [type, { schema }])) }) }
}

function parametersOf(schema: z.ZodType | null, place: 'path' | 'query'): readonly Json[] {
  if (!schema) return []
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as { properties?: Record<string, Json>; required?: readonly string[] }
  return Object.entries(properties).map(([name, { description, ...own }]) => ({
    name, in: place, required: place === 'path' || required.includes(name), ...(description === undefined ? {} : { description }), schema: own,
  }))
}

function idempotencyOf(contract: RouteContract): readonly Json[] {
  if (contract.method === 'GET' || contract.role === 'public') return []
  return [{ name: 'Idempotency-Key', in: 'header', required: false, description: 'Repeating a write with the same key repeats its answer; kept for 24 hours.', schema: { type: 'string', minLength: 1, maxLength: 200 } }]
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _draft, ...own } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json
  return own
}
