import { readFileSync } from 'node:fs'
import { sampleRecord } from '../test/support/records.ts'
import { encodeCallPart, encodeUsageRecord } from '../src/core/usage/usage-record-json.ts'
import { attemptText, outcomeText } from '../src/gateway/entry-text.ts'
import { frameKinds, writeFrame } from '../src/journal/frame.ts'
import { openaiDialect } from '../src/dialect/openai.ts'
import { readAttribution } from '../src/core/usage/attribution.ts'
import { openPolicy } from '../src/core/usage/key-policy.ts'
import { uuidv7 } from '../src/base/ids.ts'
import { crc32 } from 'node:zlib'
import { hash } from 'node:crypto'
const time = (name: string, fn: () => unknown, n = 100_000): void => { for (let i = 0; i < n; i++) fn(); const t = process.cpuUsage(); const s = performance.now(); for (let i = 0; i < n; i++) fn(); const us = (performance.now() - s) * 1000 / n; const c = process.cpuUsage(t); console.log(name.padEnd(40), us.toFixed(2), 'µs', ((c.user + c.system) / n).toFixed(2)) }
const r = sampleRecord() as any
const holds = [1, 2, 3, 4].map((i) => ({ windowId: 'rule_abcdefghijkl' + i + '|||2026-11-01T00:00:00Z', amount: 12345678901n }))
const cp = encodeCallPart(r)
console.log('record', encodeUsageRecord(r).length, 'attempt', attemptText(3, r, holds, cp).length, encodeUsageRecord(r))
const buf = Buffer.allocUnsafe(1 << 16)
time('encodeUsageRecord', () => encodeUsageRecord(r).length)
time('attemptText', () => attemptText(3, r, holds, cp).length)
time('attemptText+writeFrame', () => writeFrame(buf, 0, frameKinds.open, r.eventId, attemptText(3, r, holds, cp)))
const t = attemptText(3, r, holds, cp)
time('writeFrame flat', () => writeFrame(buf, 0, frameKinds.open, r.eventId, t))
time('crc 1.6k', () => crc32(buf.subarray(0, 1600)))
time('utf8 write', () => buf.write(t, 0, 'utf8'))
time('latin1 write', () => buf.write(t, 0, 'latin1'))
time('byteLength', () => Buffer.byteLength(t))
time('uuid', () => uuidv7(1790000000000))
time('sha', () => hash('sha256', 'tg_abcdefghijklmnopqrstuvwxyz01234567', 'hex'))
const body = Buffer.from(JSON.stringify({ model: 'gpt-4o-mini', user: 'u-1001', max_tokens: 256, temperature: 0.2, messages: [{ role: 'system', content: 'You are a helpful assistant that answers briefly.' }, { role: 'user', content: 'How do budgets stay exact when many agents call at once? '.repeat(6) }] }))
const ep = openaiDialect.endpoint('POST', '/v1/chat/completions')!
time('readRequest', () => openaiDialect.readRequest(ep, body))
const text = body.toString()
time('  JSON.parse+toString', () => JSON.parse(body.toString()))
const f = openaiDialect.readRequest(ep, body) as any
const headers: any = { host: 'x', authorization: 'Bearer x', 'content-type': 'application/json', 'content-length': '500', 'user-agent': 'x', accept: '*/*' }
time('attribution', () => readAttribution(headers, f.value, openPolicy))
const answer = Buffer.from(JSON.stringify({ id: 'chatcmpl-123456', object: 'chat.completion', created: 1790000000, model: 'gpt-4o-mini-2024-07-18', choices: [{ index: 0, message: { role: 'assistant', content: 'x'.repeat(600) }, finish_reason: 'stop' }], usage: { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120, prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 }, completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0 } }, system_fingerprint: 'fp_123' }))
time('readResponse', () => openaiDialect.readResponse(f.value, 200, answer))
