import { loadConfig } from '../config/config.ts'
import { bringUpToDate } from '../demo/live-demo.ts'
import { bundledPrices } from '../jobs/seed-prices.ts'
import { openStores } from './control.ts'
import { sayReady, untilTold } from './lifecycle.ts'
import { createLog } from './log.ts'

/** The demo company as a process beside the planes: it tells its past, then lives on. Started by `tollgate start` in a demo. */
export async function runDemoCompany(_args: readonly string[], _version: string): Promise<number> {
  const config = loadConfig(process.env, process.cwd())
  const log = createLog('demo')
  const told = untilTold()
  const { control, events } = openStores(config, log)
  try {
    sayReady({})
    const [org] = await control.listOrgs()
    const providers = new Map((await control.listProviders(org?.orgId ?? '')).map((provider) => [provider.name, provider.baseUrl]))
    const hostOf = (name: string): string => providers.get(name) ?? providers.get('openai') ?? ''
    await bringUpToDate({ control, events, list: bundledPrices(), dataDir: config.data_dir, hosts: { openai: hostOf('openai'), anthropic: hostOf('anthropic'), gemini: hostOf('gemini') }, log })
    await told
    return 0
  } finally {
    await Promise.all([control.close(), events.close()])
  }
}
