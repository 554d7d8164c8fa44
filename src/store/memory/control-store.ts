import type { Clock } from '../../base/clock.ts'
import type { ControlStore } from '../ports.ts'
import { createMemoryBudgetStore, createMemoryReceiveStore } from './control-budgets.ts'
import { createMemoryConfigStore, createMemoryPriceStore } from './control-config.ts'
import { createMemoryAccessStore, createMemoryOrgStore } from './control-org.ts'
import { emptyState } from './control-state.ts'

/**
 * The control store in memory: what the relational one must do, said as plainly as possible. An oracle for tests; it keeps
 * nothing beyond the process. Authority time is `clock`.
 */
export function createMemoryControlStore(clock: Clock): ControlStore {
  const state = emptyState(clock)
  return {
    ...createMemoryOrgStore(state),
    ...createMemoryAccessStore(state),
    ...createMemoryConfigStore(state),
    ...createMemoryPriceStore(state),
    ...createMemoryBudgetStore(state),
    ...createMemoryReceiveStore(state),
    migrate: async () => undefined,
    snapshotVersion: async () => String(state.versions.snapshot),
    onChange: (listener) => { state.listeners.add(listener) },
    now: async () => clock.now(),
    close: async () => undefined,
  }
}
