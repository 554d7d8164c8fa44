import { startSim } from './start-sim.ts'

/** Runs the simulated provider as its own process: `--port N --host H --seed S --latency-ms N --chunk-delay-ms N`. */
function option(name: string): string | undefined {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? undefined : process.argv[at + 1]
}

const seed = option('seed')
const sim = await startSim({
  port: Number(option('port') ?? 0),
  host: option('host') ?? '127.0.0.1',
  latencyMs: Number(option('latency-ms') ?? 0),
  chunkDelayMs: Number(option('chunk-delay-ms') ?? 0),
  ...(seed === undefined ? {} : { seed }),
})
process.stdout.write(`listening ${sim.url}\n`)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void sim.close().then(() => process.exit(0)))
