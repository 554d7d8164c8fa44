import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEventStore } from '../../src/store/events/event-store.ts'
import { createMemoryEventStore } from '../../src/store/memory/event-store.ts'
import { startTestEngines, type TestEngines } from '../support/engines.ts'
import { eventStoreContract } from './event-store.contract.ts'

let engines: TestEngines
beforeAll(async () => {
  engines = await startTestEngines()
})
afterAll(() => engines?.stop())

eventStoreContract('memory', async () => createMemoryEventStore())
eventStoreContract('embedded engine', async () => createEventStore(engines.events))

describe('event store without its engine', () => {
  it('says that the engine is unavailable', async () => {
    const store = createEventStore({ ...engines.events, url: 'http://127.0.0.1:20001' })
    await expect(store.totals()).rejects.toMatchObject({ code: 'engine_unavailable' })
    await store.close()
  })
})
