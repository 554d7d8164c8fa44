import { afterAll, beforeAll } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { createMemoryControlStore } from '../../src/store/memory/control-store.ts'
import { describeBudgets } from './control-store-budgets.contract.ts'
import { describeControlStore, type OpenControlStore } from './control-store.contract.ts'
import { startPostgres, type TestPostgres } from './control-store-engine.ts'

const inMemory: OpenControlStore = async () => ({ store: createMemoryControlStore(systemClock), close: async () => undefined })

let postgres: TestPostgres
beforeAll(async () => { postgres = await startPostgres() })
afterAll(() => postgres.stop())
const onPostgres: OpenControlStore = () => postgres.openStore()

describeControlStore('memory', inMemory)
describeBudgets('memory', inMemory)
describeControlStore('PostgreSQL', onPostgres)
describeBudgets('PostgreSQL', onPostgres)
