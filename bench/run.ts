import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { admissionUs } from './admission.ts'
import { writeBodies } from './bodies.ts'
import { makeFourBudgets } from './console.ts'
import { ingestRate, templateRecord, type Ingest } from './ingest.ts'
import { run } from './processes.ts'
import { added, interleave, loadTarget, median, medianOf, memoryAt64, paired, untilShipped, type Bench } from './rows.ts'
import { compileTools, portkeyVersions, startMock, startPortkey, startThinProxy, startTollgate, type Target, type Tollgate } from './targets.ts'
import type { UsageRecord } from '../src/core/usage/usage-record.ts'

/**
 * Measures the gateway beside a bare proxy and a peer, on one machine, in turns, all features on.
 *
 *   npm run bench -- [--rounds N] [--quick] [--no-portkey] [--program PATH]
 *
 * Prints the table and writes bench/results.md. Ratios come from the same round, so a busy machine moves both sides.
 */
const option = (name: string): string | undefined => { const at = process.argv.indexOf(`--${name}`); return at === -1 ? undefined : process.argv[at + 1] }
const quick = process.argv.includes('--quick')
const size = { rounds: Number(option('rounds') ?? (quick ? 2 : 5)), share: quick ? 0.25 : 1 }
const root = fileURLToPath(new URL('..', import.meta.url))
const program = option('program') ?? join(root, 'dist', 'main.js')

interface Row { readonly what: string; readonly must: string; readonly aim: string; readonly measured: string }
const rows: Row[] = []
const row = (what: string, must: string, aim: string, measured: string): void => {
  rows.push({ what, must, aim, measured })
  console.log(`${what}: ${measured} (must ${must}, aim ${aim})`)
}
const figure = (value: number, digits = 2): string => (Number.isFinite(value) ? value.toFixed(digits) : 'not measured')

async function measureIngest(tollgate: Tollgate, template: UsageRecord): Promise<void> {
  const said = ({ perSecond, cpuUs }: Ingest): string => `${figure(perSecond, 0)}/s (CPU per event: ${cpuUs.map(({ name, us }) => `${name} ${figure(us, 0)}`).join(', ')} µs)`
  row('ingest over HTTP, durable, exactly once, blocks of 1,000', '≥ 10,000/s', '≥ 30,000/s', said(await ingestRate(tollgate, template, quick ? 10 : 40, 1_000)))
  row('the same, blocks of 100', '–', '–', said(await ingestRate(tollgate, template, quick ? 20 : 80, 100)))
}

async function measureJson(bench: Bench): Promise<void> {
  const plan = (requests: number) => ({ connections: 32, requests: Math.round(requests * size.share), warmUp: 2_000 * size.share, bodyFile: bench.bodies.json })
  // Compilers of all kinds are warm before anything counts.
  for (const target of [bench.thin, bench.tollgate]) await loadTarget(bench, target, plan(15_000))
  await untilShipped(bench.tollgate)
  const backlogs: number[] = []
  const targets: (readonly [Target, ReturnType<typeof plan>])[] = [[bench.direct, plan(60_000)], [bench.thin, plan(20_000)], [bench.tollgate, plan(15_000)]]
  if (bench.portkey !== null) targets.push([bench.portkey, { ...plan(3_000), warmUp: 300 }])
  const rounds = await interleave(bench, '1 KB JSON, c=32', targets, backlogs)
  const rps = (name: string): string => figure(medianOf(rounds, name, (result) => result.rps), 0)
  row('throughput, 1 KB JSON, c=32 ÷ Portkey', '≥ 10', '≥ 14', `${figure(paired(rounds, 'Tollgate', 'Portkey', (r) => r.rps), 1)} (Tollgate ${rps('Tollgate')}/s, thin proxy ${rps('thin proxy')}/s, Portkey ${rps('Portkey')}/s, direct ${rps('direct')}/s)`)
  const cpu = (name: string, index = 0): string => figure(medianOf(rounds, name, (result) => result.cpuUs[index] ?? Number.NaN), 0)
  const beside = bench.tollgate.beside.map(({ name }, index) => `${name} ${cpu('Tollgate', index + 1)}`).join(', ')
  row('CPU per request of the gateway ÷ thin proxy', '≤ 1.8', '≤ 1.3', `${figure(paired(rounds, 'Tollgate', 'thin proxy', (r) => r.cpuUs[0]!))} (${cpu('Tollgate')} µs, thin proxy ${cpu('thin proxy')} µs, Portkey ${cpu('Portkey')} µs; beside it during the load: ${beside} µs)`)
  row('backlog back to zero after a round', '≤ 60 s', '–', `${figure(median(backlogs), 1)} s`)
}

async function measureLatency(bench: Bench): Promise<void> {
  const plan = { connections: 20, requests: Math.round(800 * size.share), warmUp: 100, rate: 200, bodyFile: bench.bodies.json }
  const targets = [bench.direct, bench.thin, bench.tollgate, ...(bench.portkey === null ? [] : [bench.portkey])].map((target) => [target, plan] as const)
  const rounds = await interleave(bench, '200 RPS', targets)
  const ours = added(rounds, 'Tollgate', 'direct', (result) => result.p50Us)
  const peer = added(rounds, 'Portkey', 'direct', (result) => result.p50Us)
  row('added p50 at 200 RPS ÷ Portkey', '≤ 0.30', '≤ 0.22', `${figure(ours / peer)} (Tollgate ${figure(ours / 1_000)} ms, thin proxy ${figure(added(rounds, 'thin proxy', 'direct', (r) => r.p50Us) / 1_000)} ms, Portkey ${figure(peer / 1_000)} ms)`)
}

async function measureStreams(bench: Bench): Promise<void> {
  // Arrivals are spread: callers that all begin in the same millisecond would measure a queue of beginnings.
  const few = { connections: 60, requests: Math.round(200 * size.share), warmUp: 20, rate: 40, bodyFile: bench.bodies.paced }
  const targets = [bench.direct, bench.thin, bench.tollgate, ...(bench.portkey === null ? [] : [bench.portkey])].map((target) => [target, few] as const)
  const rounds = await interleave(bench, '40 streams/s', targets)
  const first = (name: string): string => figure(added(rounds, name, 'direct', (result) => result.firstByteP50Us) / 1_000)
  row('added time to first token, p50, 40 paced streams/s', '≤ 2 ms', '≤ 1 ms', `${first('Tollgate')} ms (thin proxy ${first('thin proxy')} ms, Portkey ${first('Portkey')} ms)`)
  // Never fewer: with two generations of 200 the rate would tell of their edges.
  const many = { connections: 200, requests: 1_600, warmUp: 200, bodyFile: bench.bodies.paced }
  const crowd = await interleave(bench, 'streams, c=200', [bench.direct, bench.thin, bench.tollgate].map((target) => [target, many] as const))
  const rate = (name: string): string => figure(paired(crowd, name, 'direct', (result) => result.rps))
  row('200 paced streams ÷ direct rate', '≥ 0.93', '≥ 0.96', `${rate('Tollgate')} (thin proxy ${rate('thin proxy')}; 400 streams/s of 102 chunks offered)`)
}

async function measureStarts(upstreamPort: number, dataDir: string, first: { readonly gatewayReadyMs: number; readonly consoleReadyMs: number }): Promise<void> {
  const starts: { readonly gatewayReadyMs: number; readonly consoleReadyMs: number }[] = []
  for (let i = 0; i < (quick ? 1 : 3); i += 1) {
    const again = await startTollgate(program, dataDir, upstreamPort)
    starts.push(again)
    await again.stop()
  }
  const seconds = (values: readonly number[]): string => figure(median(values) / 1_000, 1)
  row('start, existing data: gateway serving / console ready', '≤ 1 s / 5 s', '≤ 0.5 s / 2.5 s', `${seconds(starts.map((each) => each.gatewayReadyMs))} s / ${seconds(starts.map((each) => each.consoleReadyMs))} s`)
  row('first start ever, console ready', '≤ 15 s', '≤ 6 s', `${seconds([first.consoleReadyMs])} s`)
}

async function pricingUs(): Promise<string> {
  const out = await run(process.execPath, ['--import', 'tsx', join(root, 'bench', 'pricing.ts')], root)
  return /7 components\S* .*?([\d.]+) µs/.exec(out)?.[1] ?? 'not measured'
}

function report(loadBefore: number): string {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  const cores = cpus()
  return [
    '# Bench', '', `\`npm run bench${quick ? ` -- --quick --rounds ${size.rounds}` : ''}\`, ${new Date().toISOString().slice(0, 10)}, Tollgate ${version}, ${size.rounds} interleaved rounds, medians; ratios are paired within a round.`,
    `Machine: ${cores.length} × ${cores[0]?.model ?? 'unknown CPU'}, Linux ${release().split('-', 1)[0]}, Node ${process.version}. Load average ${loadBefore.toFixed(1)} before, ${loadavg()[0]!.toFixed(1)} after: load tool, mock, gateway, control plane, both engines and whatever else ran share these cores.`,
    `Peer: ${Object.entries(portkeyVersions).map(([name, at]) => `${name} ${at}`).join(', ')}, headless, production mode, loopback. Thin proxy: \`bench/thin-proxy.mjs\`. Tollgate: key, attribution, four hard budgets, journal \`process\`, shipping to its control plane with embedded engines.`, '',
    '| What | Must | Aim | Measured |', '|---|---|---|---|', ...rows.map(({ what, must, aim, measured }) => `| ${what} | ${must} | ${aim} | ${measured} |`), '',
  ].join('\n')
}

async function main(): Promise<void> {
  const loadBefore = loadavg()[0]!
  const dir = mkdtempSync(join(tmpdir(), 'tollgate-bench-'))
  const started: { stop(): Promise<void> }[] = []
  const keep = <Kind extends { stop(): Promise<void> }>(target: Kind): Kind => { started.push(target); return target }
  try {
    const tools = await compileTools(dir)
    const bodies = writeBodies(dir)
    const direct = keep(await startMock(tools.mock, dir))
    const thin = keep(await startThinProxy(direct.port))
    const portkey = process.argv.includes('--no-portkey') ? null : keep(await startPortkey(join(dir, 'peer'), direct.port))
    const dataDir = join(dir, 'data')
    const tollgate = keep(await startTollgate(program, dataDir, direct.port))
    await tollgate.console.signIn(readFileSync(join(dataDir, 'admin-token'), 'utf8').trim())
    await makeFourBudgets(tollgate.console)
    // A key or budget reaches connected gateways within two seconds.
    await sleep(2_500)
    const bench: Bench = { tool: tools.load, bodies, size, direct, thin, portkey, tollgate }
    await measureJson(bench)
    await measureLatency(bench)
    await measureStreams(bench)
    row('gateway memory (RSS) at c=64', '≤ 180 MB', '≤ 130 MB', `${figure(await memoryAt64(bench), 0)} MB`)
    await untilShipped(tollgate)
    await measureIngest(tollgate, templateRecord(dataDir))
    await Promise.all(started.splice(1).map((target) => target.stop()))
    row('admission decision and settlement, four leased scopes', '≤ 20 µs', '≤ 5 µs', `${figure(await admissionUs(quick ? 5 : 15))} µs`)
    row('pricing a call, 7 components, tiers, override', '≤ 5 µs', '≤ 1 µs', `${await pricingUs()} µs`)
    await measureStarts(direct.port, dataDir, tollgate)
    const text = report(loadBefore)
    console.log(`\n${text}`)
    writeFileSync(join(root, 'bench', 'results.md'), text)
  } finally {
    await Promise.all(started.map((target) => target.stop()))
    rmSync(dir, { recursive: true, force: true })
  }
}

await main()
