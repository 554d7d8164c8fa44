import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createApi } from '../api/server.ts'
import { registerConsole } from '../api/console.ts'
import { AuthorityClock, systemClock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { ConfigError, loadConfig, type Config } from '../config/config.ts'
import { secretKey, writeOwned } from '../config/secrets.ts'
import { Authority } from '../control/authority.ts'
import { Receiver } from '../control/receive.ts'
import { Snapshots } from '../control/snapshot.ts'
import { registerSync } from '../control/sync-routes.ts'
import { createPriceBook } from '../core/pricing/create-price-book.ts'
import { bundledPrices } from '../jobs/seed-prices.ts'
import { createControlStore, type RelationalStore } from '../store/relational/control-store.ts'
import { createEventStore } from '../store/events/event-store.ts'
import type { EventStore } from '../store/ports.ts'
import { createLog } from './log.ts'
import { consoleUrlFile } from './embedded.ts'
import { credentialOf, prepareInstallation } from './prepare.ts'
import { sayReady, untilTold } from './lifecycle.ts'

/** Adapters of the control plane, from configuration. */
export function openStores(config: Config, log: Log): { readonly control: RelationalStore; readonly events: EventStore } {
  if (config.postgres_url === undefined) throw new ConfigError('The control plane needs PostgreSQL: set TOLLGATE_POSTGRES_URL, or use `tollgate start`.')
  if (config.clickhouse_url === undefined) throw new ConfigError('The control plane needs ClickHouse: set TOLLGATE_CLICKHOUSE_URL, or use `tollgate start`.')
  const url = new URL(config.clickhouse_url)
  const control = createControlStore({ url: config.postgres_url, secretKey: secretKey(config.data_dir, config.secretKeyText), log })
  const events = createEventStore({
    url: url.origin, username: decodeURIComponent(url.username) || 'default', password: decodeURIComponent(url.password), database: url.pathname.slice(1) || 'tollgate',
  })
  return { control, events }
}

/** `tollgate control`: API, console and what gateways talk to. */
export async function runControl(_args: readonly string[], version: string): Promise<number> {
  const config = loadConfig(process.env, process.cwd())
  const log = createLog('control')
  const told = untilTold()
  const { control, events } = openStores(config, log)
  const prepared = await prepareInstallation(control, events, config, log)

  const clock = new AuthorityClock(systemClock)
  const followEngineClock = async (): Promise<void> => {
    const sent = performance.now()
    clock.correct(await control.now(), sent, performance.now())
  }
  await followEngineClock()
  const clockTimer = setInterval(() => { followEngineClock().catch(() => {}) }, 10_000)

  const now = (): number => clock.now()
  const receiver = new Receiver(control, events, now, log)
  const gatewayUrl = config.gateway.public_url ?? `http://${config.gateway.host === '0.0.0.0' ? '127.0.0.1' : config.gateway.host}:${config.gateway.port}`
  const book = createPriceBook(bundledPrices())
  const app = createApi({
    control, events, clock: { now, monotonicMs: () => performance.now() }, idempotency: control.idempotency,
    log: { info: (facts, message) => log('info', message, facts), warn: (facts, message) => log('warn', message, facts), error: (facts, message) => log('error', message, facts) },
    settings: { allowedHosts: config.console.allowed_hosts, cookieSecure: config.console.secure_cookies, gatewayUrl, demo: prepared.demo, version },
    onRecords: (listener) => receiver.onRecords(listener), priceBook: () => book,
  })
  await registerSync(app, { store: control, receiver, authority: new Authority(control, now), snapshots: new Snapshots(control, now, log, (name) => credentialOf(config.envProviders[name])), now, log })
  const consoleDir = fileURLToPath(new URL('../web', import.meta.url))
  if (existsSync(consoleDir)) await registerConsole(app, consoleDir)
  await app.listen({ host: config.console.host, port: config.console.port })
  const address = app.server.address()
  const port = typeof address === 'object' && address !== null ? address.port : config.console.port
  writeOwned(config.data_dir, consoleUrlFile, `http://${['0.0.0.0', '::'].includes(config.console.host) ? '127.0.0.1' : config.console.host}:${port}`)
  log('info', 'control plane listens', { host: config.console.host, port })
  sayReady({ port, ...prepared })

  log('info', 'control plane stops', { because: await told })
  clearInterval(clockTimer)
  await app.close()
  await Promise.all([control.close(), events.close()])
  return 0
}
