import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { errorCatalogue, TollgateError } from '../base/errors.ts'
import type { Log } from '../base/log.ts'
import { limits } from '../config/limits.ts'
import type { ReceiveStore } from '../store/ports.ts'
import type { Authority } from './authority.ts'
import type { Receiver } from './receive.ts'
import type { Snapshots } from './snapshot.ts'
import { blockHeaders, timeHeader, type BlockAnswer, type HelloAnswer, type HelloRequest, type LeaseRequest, type PulseAnswer, type PulseRequest } from './sync-protocol.ts'

/** What the gateways' routes stand on. */
export interface SyncDeps {
  readonly store: Pick<ReceiveStore, 'findNode' | 'openEpoch' | 'listJournals'>
  readonly receiver: Receiver
  readonly authority: Authority
  readonly snapshots: Snapshots
  /** Authority time, ms UTC. */
  readonly now: () => number
  readonly log: Log
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Registers /sync/* with a node credential in front of every route. */
export async function registerSync(app: FastifyInstance, deps: SyncDeps): Promise<void> {
  const nodes = new Map<string, { readonly id: string; readonly name: string }>()
  const journals = new Map<string, string>()

  async function nodeOf(request: FastifyRequest): Promise<{ readonly id: string; readonly name: string }> {
    const header = request.headers.authorization ?? ''
    const sha256 = createHash('sha256').update(header.replace(/^bearer /i, '')).digest('hex')
    const known = nodes.get(sha256) ?? (await deps.store.findNode(sha256))
    if (known === null || known === undefined) throw new TollgateError('node_unknown')
    nodes.set(sha256, known)
    return known
  }
  /** A journal speaks only through the node it is bound to. */
  async function ownJournal(request: FastifyRequest, journalId: unknown): Promise<string> {
    const node = await nodeOf(request)
    if (typeof journalId !== 'string' || !uuid.test(journalId)) throw new TollgateError('invalid', 'journalId is not a UUID.')
    if (!journals.has(journalId)) for (const journal of await deps.store.listJournals()) journals.set(journal.journalId, journal.nodeId)
    const owner = journals.get(journalId)
    if (owner !== undefined && owner !== node.id) throw new TollgateError('journal_mismatch')
    return node.id
  }

  await app.register(async (scope) => {
    scope.addContentTypeParser('application/octet-stream', { parseAs: 'buffer', bodyLimit: limits.blockBytesMax }, (_request, body, done) => done(null, body))
    scope.addHook('onSend', async (_request, reply, payload) => {
      reply.header(timeHeader, String(deps.now()))
      return payload
    })
    scope.setErrorHandler((error, _request, reply) => sendFailure(deps.log, error as Error, reply))

    scope.get('/sync/snapshot', async (request, reply) => {
      await nodeOf(request)
      const { have } = request.query as { have?: string }
      const text = await deps.snapshots.newerThan(have ?? '', limits.syncPollMs)
      return text === null ? reply.code(204).send() : reply.type('application/json').send(text)
    })

    scope.post('/sync/hello', async (request): Promise<HelloAnswer> => {
      const { journalId, lastEpoch } = request.body as HelloRequest
      const nodeId = await ownJournal(request, journalId)
      const { epoch, last } = await deps.store.openEpoch(nodeId, journalId, Number.isSafeInteger(lastEpoch) ? lastEpoch : 0, deps.now())
      journals.set(journalId, nodeId)
      return { epoch, last: last === null ? null : { segment: last.segment, block: last.block } }
    })

    scope.post('/sync/lease', async (request) => {
      const body = request.body as LeaseRequest
      await ownJournal(request, body.journalId)
      return deps.authority.grant(body)
    })

    scope.post('/sync/pulse', async (request): Promise<PulseAnswer> => {
      const { journalId } = request.body as PulseRequest
      await ownJournal(request, journalId)
      return { recall: deps.authority.recallFor(journalId) }
    })

    scope.post('/sync/block', async (request): Promise<BlockAnswer> => {
      const journalId = request.headers[blockHeaders.journal] as string
      await ownJournal(request, journalId)
      const [segment, block, crc] = [blockHeaders.segment, blockHeaders.block, blockHeaders.crc].map((name) => Number(request.headers[name]))
      if (!Number.isSafeInteger(segment) || !Number.isSafeInteger(block)) throw new TollgateError('invalid', 'The block headers are missing.')
      const bytes = request.body as Buffer
      if (crc32(bytes) !== crc) throw new TollgateError('block_corrupt')
      const accepted = await deps.receiver.receive({ journalId, segment: segment!, block: block! }, bytes, String(crc))
      return { accepted, recall: deps.authority.recallFor(journalId) }
    })
  })
}

function sendFailure(log: Log, error: Error, reply: FastifyReply): FastifyReply {
  if (error instanceof TollgateError) return reply.code(error.status).send({ code: error.code, detail: error.message })
  log('error', 'sync request failed', { reason: error.message })
  return reply.code(errorCatalogue.internal.status).send({ code: 'internal', detail: errorCatalogue.internal.text })
}
