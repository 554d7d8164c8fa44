import { run } from './processes.ts'

/** What the load tool (`native/load.c`) is asked to do. */
export interface LoadPlan {
  readonly port: number
  readonly connections: number
  readonly requests: number
  readonly warmUp: number
  readonly bodyFile: string
  /** Arrivals per second; closed loop when left out. */
  readonly rate?: number
  readonly token?: string
  readonly headers?: readonly string[]
  readonly pids?: readonly number[]
  readonly maxSeconds?: number
}

export interface LoadResult {
  readonly rps: number
  readonly p50Us: number
  readonly p99Us: number
  readonly firstByteP50Us: number
  readonly failed: number
  /** CPU per request of each process asked for, microseconds. */
  readonly cpuUs: readonly number[]
}

export async function load(tool: string, plan: LoadPlan): Promise<LoadResult> {
  const args = ['-p', plan.port, '-c', plan.connections, '-n', plan.requests, '-w', plan.warmUp, '-b', plan.bodyFile, '-t', plan.maxSeconds ?? 60].map(String)
  if (plan.rate !== undefined) args.push('-r', String(plan.rate))
  if (plan.token !== undefined) args.push('-a', plan.token)
  if (plan.pids !== undefined && plan.pids.length > 0) args.push('-P', plan.pids.join(','))
  for (const header of plan.headers ?? []) args.push('-H', header)
  return parse(await run(tool, args, '.'))
}

function parse(line: string): LoadResult {
  const number = (pattern: RegExp): number => Number(pattern.exec(line)?.[1] ?? Number.NaN)
  const cpu = /cpu_us\/req (.*?) sum=/.exec(line)?.[1]?.trim().split(/\s+/).map((part) => Number(part.split(':')[1])) ?? []
  return {
    rps: number(/ rps=([\d.]+)/), p50Us: number(/ p50=(\d+)/), p99Us: number(/ p99=(\d+)/), firstByteP50Us: number(/ttfb p50=(\d+)/),
    failed: number(/ err=(\d+)/) + number(/ non200=(\d+)/), cpuUs: cpu,
  }
}
