import { connect } from 'node:net'
import OpenAI from 'openai'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startInProcess, type InProcess } from '../support/in-process.ts'
import { startRawUpstream, type RawUpstream } from '../support/raw-upstream.ts'

/** The key decides who pays; headers only describe, within the key's policy. What is ours or secret crosses in neither direction. */
let installation: InProcess
let raw: RawUpstream
beforeAll(async () => {
  installation = await startInProcess()
  raw = await startRawUpstream()
  await installation.putProvider({ name: 'raw', dialect: 'http', baseUrl: `${raw.url}/base`, credential: { header: 'x-upstream-secret', value: 'theirs' } })
  await installation.adopted()
})
afterAll(async () => {
  await installation.close()
  await raw.close()
})
beforeEach(() => installation.sim.reset())

const chat = { model: 'gpt-4o-mini', messages: [{ role: 'user' as const, content: 'Hello.' }], max_tokens: 8 }

async function call(key: string, headers: Record<string, string> = {}, body: Record<string, unknown> = {}) {
  const client = new OpenAI({ apiKey: key, baseURL: `${installation.gatewayUrl}/v1`, maxRetries: 0, defaultHeaders: headers })
  const { response } = await client.chat.completions.create({ ...chat, ...body }).withResponse()
  const [row] = await installation.recordsOf(response.headers.get('x-tollgate-event-id')!)
  return { row: row!, response, seen: installation.sim.calls().at(-1)! }
}

describe('who pays', () => {
  test('the key names unit, team, app and cost centre, with their names at the time', async () => {
    const { row } = await call(installation.key)
    expect(row.caller).toMatchObject({
      orgId: 'acme', orgName: 'Acme', unitId: 'retail', unitName: 'Retail', teamId: 'checkout', teamName: 'Checkout', appId: 'app_shop', appName: 'Shop',
      costCentre: 'CC-1', nodePath: ['acme', 'retail', 'checkout', 'app_shop'],
    })
  })
  test('no header and no body moves a call to another payer', async () => {
    const other = await installation.addKey({}, { appId: 'app_other', name: 'other key' })
    await installation.adopted()
    const { row } = await call(other, {
      'x-tollgate-app': 'app_shop', 'x-tollgate-team': 'ops', 'x-tollgate-key': installation.key, 'x-tollgate-cost-centre': 'CC-1', 'x-api-key': installation.key,
      'x-tollgate-tags': 'app=app_shop,team=ops,cost_centre=CC-1', 'helicone-auth': `Bearer ${installation.key}`,
    }, { metadata: { app: 'app_shop', org: 'other' }, user: 'app_shop' })
    expect(row.caller).toMatchObject({ appId: 'app_other', keyName: 'other key', costCentre: 'CC-2' })
  })
})

describe('what is said about a call', () => {
  test('every field of ours, and tags', async () => {
    const { row } = await call(installation.key, {
      'x-tollgate-user': 'ada', 'x-tollgate-agent': 'planner', 'x-tollgate-workflow': 'refunds', 'x-tollgate-run': 'run-1', 'x-tollgate-parent-run': 'run-0',
      'x-tollgate-step': '3', 'x-tollgate-session': 's-9', 'x-tollgate-tags': 'env=prod, tier = gold',
    })
    expect(row.attribution).toMatchObject({ user: 'ada', agent: 'planner', workflow: 'refunds', run: 'run-1', parentRun: 'run-0', step: '3', session: 's-9', tags: { env: 'prod', tier: 'gold' } })
    expect(row.attribution.rule).toContain('workflow=x-tollgate')
  })
  test('the published order: ours, baggage, the body, other gateways', async () => {
    const all = {
      'x-tollgate-user': 'first', baggage: 'user.id=second,session.id=from%20baggage', 'helicone-user-id': 'fourth', 'helicone-session-id': 'last', 'x-portkey-metadata': '{"_user":"fifth","run":"from portkey"}',
    }
    const { row } = await call(installation.key, all, { user: 'third', metadata: { workflow: 'from body' } })
    expect(row.attribution).toMatchObject({ user: 'first', session: 'from baggage', workflow: 'from body', run: 'from portkey' })
    const { 'x-tollgate-user': _ours, ...rest } = all
    expect((await call(installation.key, rest, { user: 'third' })).row.attribution.user).toBe('second')
    expect((await call(installation.key, { 'helicone-user-id': 'fourth' }, { safety_identifier: 'third' })).row.attribution.user).toBe('third')
    expect((await call(installation.key, { 'helicone-user-id': 'fourth' })).row.attribution.user).toBe('fourth')
  })
  test('pinned values win over anything that is sent', async () => {
    const key = await installation.addKey({ pinned: { workflow: 'pinned', project: 'atlas' } })
    await installation.adopted()
    const { row } = await call(key, { 'x-tollgate-workflow': 'mine', 'x-tollgate-tags': 'project=mine,free=yes' }, { metadata: { workflow: 'mine too', project: 'mine' } })
    expect(row.attribution).toMatchObject({ workflow: 'pinned', tags: { project: 'atlas', free: 'yes' } })
    expect(row.attribution.rule).toContain('workflow=pinned')
  })
  test('only tags that the key allows', async () => {
    const some = await installation.addKey({ tags: ['env'] })
    const none = await installation.addKey({ tags: [] })
    await installation.adopted()
    const headers = { 'x-tollgate-tags': 'env=prod,secret=1', 'x-litellm-tags': 'a,b' }
    expect((await call(some, headers)).row.attribution.tags).toEqual({ env: 'prod' })
    expect((await call(none, headers)).row.attribution.tags).toEqual({})
  })
})

describe('what crosses', () => {
  const ours = {
    'x-tollgate-workflow': 'w', 'x-tollgate-anything': 'x', cookie: 'session=1', 'x-api-key': 'mine', 'api-key': 'mine', 'x-goog-api-key': 'mine', 'proxy-authorization': 'Basic eDp5',
    'helicone-user-id': 'u', 'x-litellm-tags': 't', 'x-portkey-metadata': '{}', 'cf-aig-metadata': '{}', baggage: 'a=b',
  }
  test('nothing of ours and no credential of the caller reaches the provider, everything else does', async () => {
    const { seen } = await call(installation.key, { ...ours, 'openai-organization': 'org-1', 'x-custom': 'kept', traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' })
    expect(seen.authorization).toBe('Bearer sk-upstream')
    for (const name of Object.keys(ours)) expect(seen.headers).not.toHaveProperty(name)
    expect(JSON.stringify(seen)).not.toContain(installation.key)
    expect(seen.headers).toMatchObject({ 'openai-organization': 'org-1', 'x-custom': 'kept', traceparent: expect.any(String) as string })
    expect(seen.headers['host']).toBe(new URL(installation.sim.url).host)
  })
  test('what Connection names is for one hop', async () => {
    const body = JSON.stringify(chat)
    const answer = await new Promise<string>((resolve, reject) => {
      const { hostname, port } = new URL(installation.gatewayUrl)
      const socket = connect(Number(port), hostname, () => {
        socket.write(`POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer \r\nx-api-key: ${installation.key}\r\nx-hop: 1\r\nx-kept: 1\r\nconnection: close, X-Hop\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
      })
      let text = ''
      socket.on('data', (chunk) => { text += chunk.toString() }).on('end', () => resolve(text)).on('error', reject)
    })
    expect(answer).toMatch(/^HTTP\/1\.1 200/)
    expect(installation.sim.calls().at(-1)!.headers).toMatchObject({ 'x-kept': '1' })
    expect(installation.sim.calls().at(-1)!.headers).not.toHaveProperty('x-hop')
  })
  test('no credential, cookie or forged header of ours comes back', async () => {
    raw.answer = (_request, response) => {
      response.writeHead(200, { 'set-cookie': 'a=b', 'x-tollgate-cost': '0 USD', 'x-tollgate-event-id': 'forged', 'x-kept': 'yes', 'keep-alive': 'timeout=9' })
      response.end('ok')
    }
    const answer = await fetch(`${installation.gatewayUrl}/raw/x`, { headers: { 'x-api-key': installation.key } })
    expect(answer.headers.get('set-cookie')).toBeNull()
    expect(answer.headers.get('x-kept')).toBe('yes')
    expect(answer.headers.get('x-tollgate-event-id')).toMatch(/^[0-9a-f-]{36}$/)
    expect(answer.headers.get('x-tollgate-cost')).not.toBe('0 USD')
  })
  test("the provider's credential stands alone, whatever its header is called", async () => {
    await (await fetch(`${installation.gatewayUrl}/raw/x`, { headers: { authorization: `Bearer ${installation.key}`, 'X-Upstream-Secret': 'mine', te: 'trailers' } })).text()
    const { headers } = raw.seen.at(-1)!
    expect(headers['x-upstream-secret']).toBe('theirs')
    expect(headers).not.toHaveProperty('authorization')
    expect(headers).not.toHaveProperty('te')
  })
})
