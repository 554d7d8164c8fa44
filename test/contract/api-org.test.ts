import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { limits } from '../../src/config/limits.ts'
import { call, hourMs, noon, openApi, opsCaller, type Answer, type Api } from './api-harness.ts'

let api: Api
beforeEach(async () => { api = await openApi() })
afterEach(async () => {
  expect(api.errors).toEqual([])
  await api.close()
})

const cookieOf = (answer: Answer): string => String(answer.headers['set-cookie']).split(';', 1)[0]!

describe('key activity', () => {
  it('says when each visible key last called, and null for one that never did', async () => {
    const shop = (await api.call('admin', 'POST', '/api/v1/keys', { appId: 'shop', name: 'shop' })).json
    const bot = (await api.call('admin', 'POST', '/api/v1/keys', { appId: 'bot', name: 'bot' })).json
    const cron = (await api.call('admin', 'POST', '/api/v1/keys', { appId: 'cron', name: 'cron' })).json
    await api.events.insertBatch('b1', [call({ at: noon - hourMs }, { keyId: shop.id }), call({ at: noon - 5 }, { keyId: shop.id }), call({ at: noon }, { ...opsCaller, keyId: cron.id })], 1)
    const byKey = async (person: string): Promise<unknown> =>
      Object.fromEntries((await api.call(person, 'GET', '/api/v1/keys/activity')).json.rows.map((row: { keyId: string; lastCallAt: number | null }) => [row.keyId, row.lastCallAt]))
    expect(await byKey('admin')).toEqual({ [shop.id]: noon - 5, [bot.id]: null, [cron.id]: noon })
    expect(await byKey('owner')).toEqual({ [shop.id]: noon - 5, [bot.id]: null })
    expect(await byKey('guest')).toEqual({ [cron.id]: noon })
    expect(await byKey('stranger')).toEqual({})
  })
})

describe('invitations', () => {
  it('sign their user in once, and end after their time', async () => {
    const first = (await api.call('admin', 'POST', '/api/v1/users/viewer/invitation')).json
    expect(first).toEqual({ secret: expect.stringMatching(/^tgo_/), expiresAt: noon + limits.invitationAgeMs })
    expect((await api.call(null, 'POST', '/api/v1/session', { token: first.secret })).json.user.id).toBe('viewer')
    expect((await api.call(null, 'POST', '/api/v1/session', { token: first.secret })).status).toBe(401)
    const late = (await api.call('admin', 'POST', '/api/v1/users/viewer/invitation')).json
    api.clock.ms += limits.invitationAgeMs
    expect((await api.call(null, 'POST', '/api/v1/session', { token: late.secret })).status).toBe(401)
  })

  it('are made for own, enabled users only, and stand in the audit trail without their secret', async () => {
    expect((await api.call('stranger', 'POST', '/api/v1/users/viewer/invitation')).status).toBe(404)
    await api.call('admin', 'PATCH', '/api/v1/users/viewer', { disabled: true })
    expect((await api.call('admin', 'POST', '/api/v1/users/viewer/invitation')).json.code).toBe('conflict')
    const { secret } = (await api.call('admin', 'POST', '/api/v1/users/finance/invitation')).json
    const audit = await api.call('admin', 'GET', '/api/v1/audit')
    expect(audit.json.rows[0].actor.id).toBe('admin')
    expect(audit.text).not.toContain(secret)
  })
})

describe('own password', () => {
  it('is set by a session, asks for the one before it, and signs in', async () => {
    const signedIn = await api.call(null, 'POST', '/api/v1/session', { token: api.tokens['owner'] })
    const headers = { cookie: cookieOf(signedIn), 'x-csrf-token': signedIn.json.csrf }
    const put = (body: object): Promise<Answer> => api.call(null, 'PUT', '/api/v1/session/password', body, headers)
    expect((await put({ password: 'short' })).status).toBe(400)
    expect((await put({ password: 'correct horse battery' })).status).toBe(204)
    expect((await put({ password: 'another horse battery' })).json.errors[0].field).toBe('current')
    expect((await put({ current: 'wrong', password: 'another horse battery' })).status).toBe(400)
    expect((await put({ current: 'correct horse battery', password: 'another horse battery' })).status).toBe(204)
    const login = (password: string): Promise<Answer> => api.call(null, 'POST', '/api/v1/session', { email: 'owner@example.com', password })
    expect((await login('correct horse battery')).status).toBe(401)
    expect((await login('another horse battery')).json.user.id).toBe('owner')
  })

  it('is not set by an API token', async () => {
    expect((await api.call('owner', 'PUT', '/api/v1/session/password', { password: 'correct horse battery' })).json.code).toBe('forbidden')
  })
})
