import cookie from '@fastify/cookie'
import fastify, { type FastifyInstance } from 'fastify'
import { TollgateError } from '../base/errors.ts'
import { uuidv7 } from '../base/ids.ts'
import { limits } from '../config/limits.ts'
import type { ApiDeps } from './deps.ts'
import { hostGuard } from './hosts.ts'
import { createMemoryIdempotencyStore } from './idempotency.ts'
import { sendProblem } from './problem.ts'
import { registerRoutes, type Handlers } from './registrar.ts'
import { RequestCounts } from './request-counts.ts'
import { budgetInsightHandlers } from './routes/budget-insight.ts'
import { budgetHandlers } from './routes/budgets.ts'
import { keyHandlers } from './routes/keys.ts'
import { modelHandlers } from './routes/models.ts'
import { nodeHandlers } from './routes/nodes.ts'
import { overviewHandlers } from './routes/overview.ts'
import { priceHandlers } from './routes/prices.ts'
import { providerHandlers } from './routes/providers.ts'
import { queryHandlers } from './routes/query.ts'
import { recordHandlers } from './routes/records.ts'
import { sessionHandlers } from './routes/session.ts'
import { statementHandlers } from './routes/statements.ts'
import { systemHandlers } from './routes/system.ts'
import { tokenHandlers } from './routes/tokens.ts'
import { userHandlers } from './routes/users.ts'

/**
 * The control API. Its routes live in a scope of their own, so that what else is registered on the instance (the
 * gateways' /sync, the console) shares only the host check, the error form and the bounds.
 */
export function createApi(deps: ApiDeps): FastifyInstance {
  const app = fastify({
    bodyLimit: limits.apiBodyBytesMax, requestTimeout: limits.requestTimeoutMs, keepAliveTimeout: limits.keepAliveTimeoutMs,
    http: { maxHeaderSize: limits.headerBytesMax, headersTimeout: limits.headersTimeoutMs },
    genReqId: () => uuidv7(deps.clock.now()), logger: false, forceCloseConnections: true, routerOptions: { maxParamLength: 400 },
  })
  const served = hostGuard(deps.settings.allowedHosts)
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(safeHeaders)
    if (!served(request.headers.host, request.url.split('?', 1)[0] ?? '')) throw new TollgateError('host_invalid')
  })
  app.setErrorHandler((error, request, reply) => sendProblem(deps.log, error, request, reply))
  app.setNotFoundHandler((request, reply) => sendProblem(deps.log, new TollgateError('not_found'), request, reply))
  void app.register(async (scope) => registerApi(scope, deps))
  return app
}

const safeHeaders = {
  'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY', 'referrer-policy': 'no-referrer', 'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const

async function registerApi(scope: FastifyInstance, deps: ApiDeps): Promise<void> {
  await scope.register(cookie)
  // Only JSON is read: a form of another site can send text/plain, but not application/json without asking first.
  scope.removeAllContentTypeParsers()
  const parseJson = scope.getDefaultJsonParser('error', 'error')
  scope.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined)
    else parseJson(request, body as string, done)
  })
  const counts = new RequestCounts()
  scope.addHook('onResponse', async (request, reply) => {
    counts.add(request.routeOptions.url ?? '', reply.statusCode, reply.elapsedTime)
  })
  registerRoutes(scope, deps, handlersOf(deps, counts), deps.idempotency ?? createMemoryIdempotencyStore())
}

function handlersOf(deps: ApiDeps, counts: RequestCounts): Handlers {
  return {
    ...sessionHandlers(deps), ...userHandlers(deps), ...tokenHandlers(deps), ...nodeHandlers(deps), ...keyHandlers(deps),
    ...providerHandlers(deps), ...budgetHandlers(deps), ...budgetInsightHandlers(deps), ...modelHandlers(deps), ...priceHandlers(deps), ...queryHandlers(deps), ...overviewHandlers(deps), ...statementHandlers(deps),
    ...recordHandlers(deps), ...systemHandlers(deps, counts),
  }
}
