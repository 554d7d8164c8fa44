import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { registerConsole } from '../../src/api/console.ts'
import type { UsageRecord } from '../../src/core/usage/usage-record.ts'
import { call, openApi, opsCaller, people } from './api-harness.ts'
import { createApi } from '../../src/api/server.ts'

const cleanups: (() => Promise<void> | void)[] = []
afterEach(async () => { for (const cleanup of cleanups.splice(0)) await cleanup() })

describe('console', () => {
  it('serves the page for places, files as they are, and never a page for an API path', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'tollgate-console-'))
    cleanups.push(() => { rmSync(dir, { recursive: true, force: true }) })
    mkdirSync(join(dir, 'assets'))
    writeFileSync(join(dir, 'index.html'), '<!doctype html><script>let theme = 1</script><script type="module" src="/assets/main-abc123.js"></script>')
    writeFileSync(join(dir, 'assets/main-abc123.js'), 'export {}')
    writeFileSync(join(dir, 'assets/main-abc123.js.gz'), gzipSync('export {}'))
    writeFileSync(join(dir, 'boot.js'), 'let boot')
    writeFileSync(join(tmpdir(), 'tollgate-outside.txt'), 'outside')
    cleanups.push(() => { rmSync(join(tmpdir(), 'tollgate-outside.txt')) })
    const harness = await openApi()
    cleanups.push(() => harness.close())
    const app = createApi({ control: harness.control, events: harness.events, clock: harness.clock, log: { info() {}, warn() {}, error() {} }, settings: { allowedHosts: [], cookieSecure: false, gatewayUrl: '', demo: false, version: '1' } })
    cleanups.push(() => app.close())
    await registerConsole(app, dir)
    const get = (url: string, host = 'localhost') => app.inject({ method: 'GET', url, headers: { host } })
    for (const place of ['/', '/budgets', '/records/0193a0b0-0000-7000-8000-000000000001', '/explore?range=30d']) {
      const page = await get(place)
      expect([place, page.statusCode, page.headers['cache-control']]).toEqual([place, 200, 'no-cache'])
      const policy = String(page.headers['content-security-policy'])
      expect(policy).toMatch(/script-src 'self' 'sha256-[A-Za-z0-9+/=]{44}';/)
      expect(policy).toContain("frame-ancestors 'none'")
    }
    const asset = await get('/assets/main-abc123.js')
    expect([asset.body, asset.headers['cache-control']]).toEqual(['export {}', 'public, max-age=31536000, immutable'])
    const small = await app.inject({ method: 'GET', url: '/assets/main-abc123.js', headers: { host: 'localhost', 'accept-encoding': 'gzip, br' } })
    expect([gunzipSync(small.rawPayload).toString(), small.headers['content-encoding'], small.headers['content-type'], small.headers['vary']]).toEqual(['export {}', 'gzip', asset.headers['content-type'], 'accept-encoding'])
    expect((await get('/boot.js')).headers['cache-control']).toBe('no-cache')
    expect((await get('/assets/gone.js')).statusCode).toBe(404)
    expect(JSON.parse((await get('/api/v1/nothing')).body).code).toBe('not_found')
    expect((await get('/sync/hello')).statusCode).toBe(404)
    expect((await get('/', 'evil.example.net')).statusCode).toBe(403)
    for (const path of ['/../tollgate-outside.txt', '/%2e%2e/tollgate-outside.txt', '/assets/..%2f..%2ftollgate-outside.txt']) expect((await get(path)).body).not.toContain('outside')
  })
})

describe('live tail', () => {
  it('sends records as they arrive, within the grant, and ends with its reader', async () => {
    const listeners = new Set<(rows: readonly UsageRecord[]) => void>()
    const api = await openApi({ onRecords: (listener) => { listeners.add(listener); return () => { listeners.delete(listener) } } })
    cleanups.push(() => api.close())
    await api.app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = api.app.server.address() as AddressInfo
    const outgoing = request({ port, host: '127.0.0.1', path: '/api/v1/records/stream?kind=attempt', headers: { authorization: `Bearer ${api.tokens['guest']}` } })
    outgoing.end()
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
    expect([answer.statusCode, answer.headers['content-type'], answer.headers['x-content-type-options']]).toEqual([200, 'text/event-stream; charset=utf-8', 'nosniff'])
    expect(people.find((person) => person.id === 'guest')?.nodeId).toBe('ops')
    const ours = call({}, opsCaller)
    const rows = [call(), call({}, { ...opsCaller, orgId: 'other' }), call({ kind: 'refusal' }, opsCaller), ours]
    for (const listener of listeners) listener(rows)
    let text = ''
    for await (const chunk of answer) {
      text += String(chunk)
      if (text.includes('event: record')) break
    }
    const events = [...text.matchAll(/event: record\nid: (\S+)\ndata: (.+)\n\n/g)]
    expect(events.map((event) => event[1])).toEqual([ours.eventId])
    expect(Object.keys(JSON.parse(events[0]![2]!).caller)).not.toContain('nodePath')
    outgoing.destroy()
    await expect.poll(() => listeners.size).toBe(0)
  })
})
