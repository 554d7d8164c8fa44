import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Installation, until, type PlaneProcess } from '../support/installation.ts'
import { audit, BudgetWatch, Load, type Audit, type CallSeen } from '../support/load.ts'
import { isLong, seededDice, seedOfRun } from '../support/dice.ts'

/*
 * kill -9 of gateways, control plane, PostgreSQL and the event engine at random instants under load. Whatever dies,
 * every call the provider counted has its record, none stands twice, budgets hold at every look and the stores agree.
 * Short in every run of the suite; TOLLGATE_FAULTS=long makes it a hundred kills and more.
 */
const rounds = isLong ? 11 : 1
const killsPerRound = isLong ? 10 : 6
const workers = 20

type Victim = 'gateway 1' | 'gateway 2' | 'control' | 'postgres' | 'events'
/** Gateways hold what nobody else knows, so they die most often. */
const victims: readonly Victim[] = ['gateway 1', 'gateway 1', 'gateway 2', 'gateway 2', 'control', 'control', 'postgres', 'events']

test('nothing is lost, doubled or overspent when processes are killed at random', { timeout: isLong ? 45 * 60_000 : 180_000 }, async () => {
  const seed = seedOfRun('kill')
  const dice = seededDice(seed)
  const installation = await Installation.start({ gateways: 2, sim: { latencyMs: 25, chunkDelayMs: 1 } })
  const killed = new Map<Victim, number>()
  const seen: CallSeen[] = []
  const watch = new BudgetWatch(installation)
  try {
    // Half of the calls are under hard budgets, and wait for leases when the authority is away; the other half never wait.
    const free = await installation.addKey('no budgets')
    const { id: keyId, secret: budgeted } = await installation.api<{ id: string; secret: string }>('POST', '/api/v1/keys', { appId: installation.appId, name: 'budgets' })
    const selector = { keyId }
    await installation.addBudget({ name: 'all spend', limit: '1000', selector })
    await installation.addBudget({ name: 'calls of a user', limit: isLong ? '2500' : '250', measure: 'requests', per: ['user'], selector, window: { unit: 'day' } })
    await installation.addBudget({ name: 'tokens of the key', limit: '500000000', measure: 'tokens', per: ['key'], selector, window: { unit: 'hour' } })
    for (let round = 1; round <= rounds; round += 1) {
      const load = new Load(workers, (worker) => ({
        gateway: installation.gateways[worker % 2]!,
        wish: { key: worker % 4 < 2 ? budgeted : free, stream: dice() < 0.5, user: `user-${Math.floor(dice() * 8)}`, maxTokens: 20 + Math.floor(dice() * 80) },
      }))
      const restarts: Promise<void>[] = []
      for (let kill = 0; kill < killsPerRound; kill += 1) {
        await sleep(300 + dice() * (isLong ? 3_000 : 1_200))
        const victim = victims[Math.floor(dice() * victims.length)]!
        restarts.push((await killNow(installation, victim)).back)
        killed.set(victim, (killed.get(victim) ?? 0) + 1)
      }
      await sleep(500)
      await Promise.all(restarts)
      seen.push(...await load.stop())
      await Promise.all(installation.gateways.map((gateway) => installation.untilServing(gateway)))
      await installation.untilDrained(120_000)
      const found = audit(seen, installation.sim.calls(), await installation.records())
      report(round, killed, found, watch)
      expect({ lost: found.lost, doubled: found.doubled, wrongCost: found.wrongCost }).toEqual({ lost: [], doubled: [], wrongCost: [] })
      expect((await installation.reconcile()).filter((finding) => !finding.ok)).toEqual([])
      expect(watch.broken).toEqual([])
    }
    await watch.stop()
    expect(watch.broken).toEqual([])
    expect(watch.samples).toBeGreaterThan(20)
    expect(seen.filter((each) => each.status === 200 && each.whole).length).toBeGreaterThan(100)
    expect([...killed.values()].reduce((sum, count) => sum + count, 0)).toBe(rounds * killsPerRound)
  } finally {
    await watch.stop().catch(() => {})
    await installation.stop()
  }
})

/** Ends a process the hard way; resolves once it is gone, and not when it is `back`: the next one may die meanwhile. */
async function killNow(installation: Installation, victim: Victim): Promise<{ readonly back: Promise<void> }> {
  if (victim === 'postgres' || victim === 'events') {
    const pidNow = (): number | undefined => installation.engines.pids()[victim]
    await until(`${victim} runs`, () => pidNow() !== undefined)
    const pid = pidNow()!
    process.kill(pid, 'SIGKILL')
    return { back: until(`${victim} runs again`, () => pidNow() !== undefined && pidNow() !== pid) }
  }
  const plane = victim === 'control' ? installation.control : installation.gateways[victim === 'gateway 1' ? 0 : 1]!
  await until(`${victim} runs`, () => plane.pid !== null)
  await plane.kill()
  return { back: startAgain(plane) }
}

/** As a supervisor does: a plane that cannot start because an engine is away is tried again. */
async function startAgain(plane: PlaneProcess): Promise<void> {
  await until(`${plane.name} starts again`, async () => {
    if (plane.pid === null) await plane.start()
    return true
  }, 120_000, () => plane.tail())
}

function report(round: number, killed: ReadonlyMap<Victim, number>, found: Audit, watch: BudgetWatch): void {
  const kills = [...killed].map(([victim, count]) => `${victim} ${count}`).toSorted().join(', ')
  const total = [...killed.values()].reduce((sum, count) => sum + count, 0)
  console.log(
    `round ${round}: ${total} kills (${kills}); ${found.calls} calls, ${found.answered} answered whole, ${found.records} records, ` +
    `${found.uncertain} uncertain, ${found.lost.length} lost, ${found.doubled.length} doubled, ${found.wrongCost.length} of wrong cost; ` +
    `${watch.samples} looks at budgets, ${watch.broken.length} past a limit`,
  )
}
