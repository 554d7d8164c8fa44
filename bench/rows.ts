import { rssMb } from './processes.ts'
import { load, type LoadPlan, type LoadResult } from './load.ts'
import type { Target, Tollgate } from './targets.ts'
import { setTimeout as sleep } from 'node:timers/promises'

/** How much of everything; `--quick` divides it. */
export interface Size {
  readonly rounds: number
  readonly share: number
}

export interface Bench {
  readonly tool: string
  readonly bodies: { readonly json: string; readonly paced: string }
  readonly size: Size
  readonly direct: Target
  readonly thin: Target
  readonly portkey: Target | null
  readonly tollgate: Tollgate
}

/** Results by target name, one per round. */
export type Rounds = Map<string, LoadResult[]>

export async function loadTarget(bench: Bench, target: Target, plan: Omit<LoadPlan, 'port' | 'token' | 'headers' | 'pids'>): Promise<LoadResult> {
  const result = await load(bench.tool, {
    ...plan, port: target.port, pids: [target.pid, ...target.beside.map(({ pid }) => pid)],
    ...(target.token === undefined ? {} : { token: target.token }), ...(target.headers === undefined ? {} : { headers: target.headers }),
  })
  if (result.failed > 0) throw new Error(`${target.name}: ${result.failed} calls failed.`)
  return result
}

/** Every target in turn, round after round; Tollgate's backlog is shipped before the next target begins, and timed. */
export async function interleave(bench: Bench, what: string, targets: readonly (readonly [Target, Omit<LoadPlan, 'port' | 'token' | 'headers' | 'pids'>])[], backlogs?: number[]): Promise<Rounds> {
  const rounds: Rounds = new Map()
  for (let round = 0; round < bench.size.rounds; round += 1) {
    for (const [target, plan] of targets) {
      const result = await loadTarget(bench, target, plan)
      const list = rounds.get(target.name)
      if (list === undefined) rounds.set(target.name, [result])
      else list.push(result)
      process.stderr.write(`${what} ${round + 1}/${bench.size.rounds} ${target.name}: ${result.rps.toFixed(0)}/s p50 ${result.p50Us} µs first byte ${result.firstByteP50Us} µs cpu ${result.cpuUs.map((us) => us.toFixed(0)).join(' ')} µs\n`)
      if (target === bench.tollgate) {
        const seconds = await untilShipped(bench.tollgate)
        backlogs?.push(seconds)
      }
    }
  }
  return rounds
}

/** Seconds until everything in the journal has been stored by the control plane. */
export async function untilShipped(tollgate: Tollgate): Promise<number> {
  const startedAt = performance.now()
  for (;;) {
    await sleep(500)
    const text = await (await fetch(`http://127.0.0.1:${tollgate.port}/metrics`)).text()
    if (/journal_backlog_bytes 0$/m.test(text)) return (performance.now() - startedAt) / 1_000
    if (performance.now() - startedAt > 180_000) return Number.POSITIVE_INFINITY
  }
}

/** Largest resident memory of the gateway while 64 connections call it. */
export async function memoryAt64(bench: Bench): Promise<number> {
  let most = 0
  const timer = setInterval(() => { most = Math.max(most, rssMb(bench.tollgate.pid)) }, 50)
  await loadTarget(bench, bench.tollgate, { connections: 64, requests: 12_000 * bench.size.share, warmUp: 1_000, bodyFile: bench.bodies.json })
  clearInterval(timer)
  return most
}

export const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? Number.NaN

/** Median over rounds of the ratio of two targets in the same round. */
export function paired(rounds: Rounds, of: string, to: string, figure: (result: LoadResult) => number): number {
  const bases = rounds.get(to) ?? []
  return median((rounds.get(of) ?? []).flatMap((result, index) => (bases[index] === undefined ? [] : [figure(result) / figure(bases[index])])))
}

/** Median over rounds of the difference of two targets in the same round. */
export function added(rounds: Rounds, of: string, to: string, figure: (result: LoadResult) => number): number {
  const bases = rounds.get(to) ?? []
  return median((rounds.get(of) ?? []).flatMap((result, index) => (bases[index] === undefined ? [] : [figure(result) - figure(bases[index])])))
}

export const medianOf = (rounds: Rounds, of: string, figure: (result: LoadResult) => number): number => median((rounds.get(of) ?? []).map(figure))
