import { loadConfig } from '../config/config.ts'
import { runCompany } from '../demo/run-company.ts'
import { bundledPrices } from '../jobs/seed-prices.ts'
import { openStores } from './control.ts'
import { sayReady, untilTold } from './lifecycle.ts'
import { createLog } from './log.ts'

/** The demo company as a process beside the planes: it tells its past, then lives on. Started by `tollgate start` in a demo. */
export async function runDemoCompany(_args: readonly string[], _version: string): Promise<number> {
  const config = loadConfig(process.env, process.cwd())
  const log = createLog('demo')
  const stop = new AbortController()
  untilTold().then(() => stop.abort(), () => stop.abort())
  const { control, events } = openStores(config, log)
  try {
    sayReady({})
    const [org] = await control.listOrgs()
    const providers = new Map((await control.listProviders(org?.orgId ?? '')).map((provider) => [provider.name, provider.baseUrl]))
    const hostOf = (name: string): string => providers.get(name) ?? providers.get('openai') ?? ''
    await runCompany({
      control, events, list: bundledPrices(), dataDir: config.data_dir, hosts: { openai: hostOf('openai'), anthropic: hostOf('anthropic'), gemini: hostOf('gemini') }, log,
      gatewayUrl: `http://${config.gateway.host === '0.0.0.0' ? '127.0.0.1' : config.gateway.host}:${config.gateway.port}`, signal: stop.signal,
    })
    return 0
  } finally {
    await Promise.all([control.close(), events.close()])
  }
}
