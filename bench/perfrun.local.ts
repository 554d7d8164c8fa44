import { mkdtempSync, readFileSync, rmSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { writeBodies } from './bodies.ts'
import { makeFourBudgets } from './console.ts'
import { added, loadTarget, median, untilShipped, type Bench } from './rows.ts'
import { compileTools, startMock, startThinProxy, startTollgate } from './targets.ts'
const programs = process.argv.slice(2).filter((a) => !a.startsWith('--'))
const flags = process.env['GWFLAGS']
const rounds = Number(process.env['ROUNDS'] ?? 4)
const n = Number(process.env['N'] ?? 8000)
const dir = mkdtempSync(join(tmpdir(), 'perfrun-'))
const tools = await compileTools(dir)
const bodies = writeBodies(dir)
const direct = await startMock(tools.mock, dir)
const thin = await startThinProxy(direct.port)
const size = { rounds: 1, share: 1 }
const gates: any[] = []
for (const [i, p] of programs.entries()) {
  const dataDir = join(dir, 'data' + i)
  const t = await startTollgate(p, dataDir, direct.port, flags ? { gatewayFlags: flags } : {})
  await t.console.signIn(readFileSync(join(dataDir, 'admin-token'), 'utf8').trim())
  await makeFourBudgets(t.console)
  gates.push(t)
}
await sleep(2500)
const mk = (t: any): Bench => ({ tool: tools.load, bodies, size, direct, thin, portkey: null, tollgate: t }) as Bench
const plan = { connections: 32, requests: n, warmUp: 2000, bodyFile: bodies.json }
const threads = (pid: number): Map<string, number> => new Map(readdirSync(`/proc/${pid}/task`).map((t) => { const s = readFileSync(`/proc/${pid}/task/${t}/stat`, 'utf8'); const f = s.slice(s.lastIndexOf(')') + 2).split(' '); return [t + ' ' + s.slice(s.indexOf('(') + 1, s.lastIndexOf(')')), (Number(f[11]) + Number(f[12])) * 10] }))
const sys = (pid: number): number[] => { const s = readFileSync(`/proc/${pid}/stat`, 'utf8'); const f = s.slice(s.lastIndexOf(')') + 2).split(' '); return [Number(f[11]) * 10, Number(f[12]) * 10] }
const got = new Map<string, number[][]>()
const put = (k: string, v: number[]) => { got.set(k, [...(got.get(k) ?? []), v]) }
if (process.env['MODE'] === 'lat') {
  const lp = { connections: 20, requests: 800, warmUp: 100, rate: 200, bodyFile: bodies.json }
  for (let r = 0; r < rounds; r += 1) {
    const d = await loadTarget(mk(gates[0]), direct, lp)
    const th = await loadTarget(mk(gates[0]), thin, lp)
    put('thin', [th.p50Us - d.p50Us])
    for (const [i, g] of gates.entries()) { const x = await loadTarget(mk(g), g, lp); put('gw' + i, [x.p50Us - d.p50Us, ...x.cpuUs]); await untilShipped(g) }
  }
} else if (process.env['MODE'] === 'streams') {
  const sp = { connections: 200, requests: 1600, warmUp: 200, bodyFile: bodies.paced }
  for (let r = 0; r < rounds; r += 1) {
    const d = await loadTarget(mk(gates[0]), direct, sp)
    const th = await loadTarget(mk(gates[0]), thin, sp)
    put('thin', [th.rps / d.rps, ...th.cpuUs])
    for (const [i, g] of gates.entries()) { const x = await loadTarget(mk(g), g, sp); put('gw' + i, [x.rps / d.rps, ...x.cpuUs]); await untilShipped(g) }
  }
} else {
  for (const g of gates) { await loadTarget(mk(g), g, { ...plan, requests: 10000 }); await untilShipped(g) }
  await loadTarget(mk(gates[0]), thin, { ...plan, requests: 10000 })
  for (let r = 0; r < rounds; r += 1) {
    const a0 = threads(thin.pid); const s0 = sys(thin.pid); const th = await loadTarget(mk(gates[0]), thin, plan); const a1 = threads(thin.pid); const s1 = sys(thin.pid); if (process.env['THREADS']) console.log('thin user/sys us', s1.map((v, k) => ((v - s0[k]!) * 1000 / (n + 2000)).toFixed(1)).join(' '), [...a1].map(([k, v]) => [k, ((v - (a0.get(k) ?? 0)) * 1000 / (n + 2000))] as const).filter(([, v]) => v > 0).map(([k, v]) => k + ': ' + v.toFixed(1)).join('  '))
    put('thin', [th.rps, th.cpuUs[0]!])
    for (const [i, g] of gates.entries()) { const b0 = threads(g.pid); const y0 = sys(g.pid); if (process.env['STOPBESIDE']) for (const b of g.beside) if (b.name !== 'postgres') process.kill(b.pid, 'SIGSTOP'); const x = await loadTarget(mk(g), g, plan); if (process.env['STOPBESIDE']) for (const b of g.beside) if (b.name !== 'postgres') process.kill(b.pid, 'SIGCONT'); const b1 = threads(g.pid); const y1 = sys(g.pid); if (process.env['THREADS']) { console.log('user/sys us', y1.map((v, k) => ((v - y0[k]!) * 1000 / (n + 2000)).toFixed(1)).join(' '), [...b1].map(([k, v]) => [k, ((v - (b0.get(k) ?? 0)) * 1000 / (n + 2000))] as const).filter(([, v]) => v > 0).map(([k, v]) => k + ': ' + v.toFixed(1)).join('  ')) }
    put('gw' + i, [x.rps, ...x.cpuUs, x.cpuUs[0]! / th.cpuUs[0]!]); if (process.env['EACH']) console.log(r, 'thin', th.cpuUs[0]!.toFixed(1), 'gw', x.cpuUs.map((v) => v.toFixed(1)).join(' '), x.rps.toFixed(0)); await untilShipped(g) }
  }
}
for (const [k, v] of got) console.log(k.padEnd(6), v[0]!.map((_, c) => median(v.map((row) => row[c]!)).toFixed(2)).join('  '))
console.log('beside', gates[0].beside.map((b: any) => b.name).join(' '))
for (const g of gates) await g.stop()
await thin.stop(); await direct.stop()
rmSync(dir, { recursive: true, force: true })
