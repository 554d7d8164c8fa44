import { TollgateError } from '../../base/errors.ts'
import type { ApiDeps } from '../deps.ts'
import type { RequestCounts } from '../request-counts.ts'
import { openApiDocument } from '../openapi.ts'
import { holdsAtRoot } from '../principal.ts'
import type { Handlers } from '../registrar.ts'

type SystemHandlers = Pick<Handlers, 'listAudit' | 'getSystem' | 'getOpenApi' | 'getHealth' | 'getReadiness' | 'getMetrics'>

export function systemHandlers(deps: ApiDeps, counts: RequestCounts): SystemHandlers {
  const { control, settings, clock, log } = deps
  const document = openApiDocument(settings.version)
  return {
    async listAudit({ principal, query }) {
      const page = await control.audit(principal.orgId, query.cursor ?? null, query.limit)
      return { rows: page.rows.map(({ orgId: _orgId, ...entry }) => entry), next: page.next }
    },
    async getSystem({ principal }) {
      const oversees = holdsAtRoot(principal, ['admin', 'finance', 'viewer'])
      const [nowMs, journals, quarantine] = await Promise.all([control.now(), oversees ? control.listJournals() : [], oversees ? control.listQuarantine() : []])
      return {
        version: settings.version, demo: settings.demo, gatewayUrl: settings.gatewayUrl, nowMs, quarantined: quarantine.length,
        journals: journals.map((journal) => ({
          journalId: journal.journalId, nodeName: journal.nodeName, epoch: journal.epoch, seenAt: journal.seenAt, batches: journal.batches, rows: journal.rows,
          lastBlock: journal.last ? `${journal.last.segment}:${journal.last.block}` : null,
        })),
      }
    },
    async getOpenApi() {
      return document
    },
    async getHealth() {
      return { status: 'ok' }
    },
    async getReadiness() {
      try {
        await Promise.all([control.now(), deps.ready?.()])
      } catch (error) {
        log.warn({ err: error }, 'not ready')
        throw new TollgateError('engine_unavailable')
      }
      return { status: 'ready' }
    },
    async getMetrics() {
      const journals = await control.listJournals().catch(() => [])
      return [counts.lines(settings.version), ...journals.map((journal) => journalLines(journal, clock.now())), deps.metrics?.() ?? ''].filter((text) => text !== '').join('\n') + '\n'
    },
  }
}

type Journal = Awaited<ReturnType<ApiDeps['control']['listJournals']>>[number]

function journalLines(journal: Journal, nowMs: number): string {
  const labels = `{journal="${journal.journalId}"}`
  return [
    `tollgate_journal_rows_total${labels} ${journal.rows}`,
    `tollgate_journal_batches_total${labels} ${journal.batches}`,
    `tollgate_journal_silent_seconds${labels} ${Math.max(0, nowMs - journal.seenAt) / 1000}`,
  ].join('\n')
}
