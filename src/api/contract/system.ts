import { z } from 'zod'
import { route } from './route.ts'
import { cursorQuery, instantOut, pageOf } from './fields.ts'

export const auditEntry = z.object({
  id: z.string().describe('Entry id.'),
  at: instantOut,
  actor: z.object({ id: z.string().describe('Who did it.'), name: z.string().describe('Name at the time.') }),
  action: z.string().describe('What was done, e.g. "key.create".'),
  subject: z.string().describe('Id of what it was done to.'),
  detail: z.unknown().describe('Particulars; never a secret.'),
})
const journal = z.object({
  journalId: z.string().describe('Journal id.'),
  nodeName: z.string().describe('Gateway it belongs to.'),
  epoch: z.number().describe('Its current epoch.'),
  lastBlock: z.string().nullable().describe('Last block stored; null = none yet.'),
  seenAt: instantOut.describe('When it was last heard of, Unix milliseconds UTC.'),
  batches: z.number().describe('Blocks stored.'),
  rows: z.number().describe('Records stored.'),
})
export const system = z.object({
  version: z.string().describe('Version of the program.'),
  demo: z.boolean().describe('True in demo mode: all data is made up.'),
  gatewayUrl: z.string().describe('Where clients send their calls.'),
  nowMs: instantOut.describe('Authority time, Unix milliseconds UTC.'),
  journals: z.array(journal).describe('Gateway journals; empty unless you may read the whole organisation.'),
  quarantined: z.number().describe('Journal frames that could not be read and are kept aside.'),
})
const overseers = ['admin', 'finance'] as const
export const systemRoutes = {
  listAudit: route({ id: 'listAudit', method: 'GET', path: '/api/v1/audit', tag: 'audit', role: overseers, at: 'org', summary: 'Who changed what, newest first.', query: z.strictObject(cursorQuery), response: pageOf(auditEntry) }),
  getSystem: route({ id: 'getSystem', method: 'GET', path: '/api/v1/system', tag: 'system', role: 'signed_in', summary: 'Version, mode, addresses and gateway journals.', response: system }),
  getOpenApi: route({ id: 'getOpenApi', method: 'GET', path: '/api/openapi.json', tag: 'system', role: 'public', summary: 'This contract as an OpenAPI 3.1 document.', response: z.record(z.string(), z.unknown()) }),
  getHealth: route({ id: 'getHealth', method: 'GET', path: '/healthz', tag: 'system', role: 'public', summary: 'The process is alive.', response: z.object({ status: z.literal('ok').describe('Always ok.') }) }),
  getReadiness: route({ id: 'getReadiness', method: 'GET', path: '/readyz', tag: 'system', role: 'public', summary: 'Both engines answer; 503 engine_unavailable otherwise.', response: z.object({ status: z.literal('ready').describe('Always ready.') }) }),
  getMetrics: route({ id: 'getMetrics', method: 'GET', path: '/metrics', tag: 'system', role: 'public', summary: 'Prometheus metrics of this control process.', produces: 'text', response: z.string() }),
}
