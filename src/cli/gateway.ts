import { hostname } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../base/clock.ts'
import { ConfigError, loadConfig } from '../config/config.ts'
import { secretKey } from '../config/secrets.ts'
import { startGateway } from '../gateway/gateway.ts'
import { createLog } from './log.ts'
import { sayReady, untilTold } from './lifecycle.ts'

/** Longest a stopping gateway waits for calls in flight, milliseconds. */
const graceMs = 25_000

/** `tollgate gateway`: the data plane alone. */
export async function runGateway(_args: readonly string[], version: string): Promise<number> {
  const config = loadConfig(process.env, process.cwd())
  if (config.gateway.control_url === undefined) throw new ConfigError('A gateway needs its control plane: set TOLLGATE_CONTROL_URL.')
  if (config.nodeCredential === null) throw new ConfigError('A gateway needs a credential: set TOLLGATE_NODE_CREDENTIAL.')
  const log = createLog('gateway')
  const told = untilTold()
  const gateway = await startGateway({
    host: config.gateway.host, port: config.gateway.port, directory: join(config.data_dir, 'gateway'), controlUrl: config.gateway.control_url,
    credential: config.nodeCredential, secretKey: secretKey(config.data_dir, config.secretKeyText), durability: config.gateway.durability,
    ...(config.gateway.journal_free_bytes_min === undefined ? {} : { journalFreeBytesMin: config.gateway.journal_free_bytes_min }),
    version, clock: systemClock, log,
  })
  log('info', 'gateway listens', { host: config.gateway.host, port: gateway.port, machine: hostname() })
  sayReady({ port: gateway.port })
  log('info', 'gateway stops', { because: await told })
  await gateway.stop(graceMs)
  return 0
}
