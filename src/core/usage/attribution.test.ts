import { expect, test } from 'vitest'
import { missingAttribution, readAttribution } from './attribution.ts'
import { openPolicy } from './key-policy.ts'

const read = (headers: Record<string, string>, body = { user: '', metadata: {} }, policy = openPolicy) => readAttribution(headers, body, policy)

test('sources win in the published order, and the record says which', () => {
  const body = { user: 'body-user', metadata: { workflow: 'meta', colour: 'red' } }
  expect(read({ 'x-tollgate-workflow': 'own', baggage: 'tollgate.workflow=bag,session.id=s%201;p=1', 'helicone-user-id': 'h' }, body)).toMatchObject({
    workflow: 'own', session: 's 1', user: 'body-user', tags: { colour: 'red' }, rule: 'user=body,workflow=x-tollgate,session=baggage',
  })
  expect(read({ 'x-portkey-metadata': '{"_user":"p","agent":"scout"}' })).toMatchObject({ user: 'p', agent: 'scout' })
})

test('a pinned value beats whatever the caller says', () => {
  const policy = { ...openPolicy, pinned: { workflow: 'billing', env: 'prod' }, tags: ['env', 'colour'] }
  expect(read({ 'x-tollgate-workflow': 'mine', 'x-tollgate-tags': 'env=dev,colour=blue,secret=1' }, undefined, policy)).toMatchObject({
    workflow: 'billing', tags: { env: 'prod', colour: 'blue' },
  })
})

test('required fields that are missing are named', () => {
  expect(missingAttribution(read({}), { ...openPolicy, required: ['workflow', 'ticket'] })).toEqual(['workflow', 'ticket'])
  expect(missingAttribution(read({ 'x-tollgate-workflow': 'w', 'x-tollgate-tags': 'ticket=1' }), { ...openPolicy, required: ['workflow', 'ticket'] })).toEqual([])
})

test('values are bounded and clean', () => {
  const long = read({ 'x-tollgate-user': `a\u0000b\u0007${'x'.repeat(5_000)}`, 'x-tollgate-tags': Array.from({ length: 200 }, (_, i) => `k${i}=v`).join(',') })
  expect(long.user.startsWith('abxx')).toBe(true)
  expect(long.user.length).toBeLessThanOrEqual(256)
  expect(Object.keys(long.tags)).toHaveLength(32)
})
