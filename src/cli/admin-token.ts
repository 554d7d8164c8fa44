import { issueOneTimeToken } from '../api/credentials.ts'
import { ConfigError, loadConfig } from '../config/config.ts'
import { findAdmin } from './api-client.ts'
import type { Given } from './command-line.ts'
import { openStores } from './control.ts'
import { consoleUrlOf, embeddedConfig } from './embedded.ts'

/** `tollgate admin-token`: a new one-time sign-in link, for whoever may read the data directory. */
export async function runAdminToken(given: Given): Promise<number> {
  const config = embeddedConfig(loadConfig(process.env, process.cwd()))
  const { control, events } = openStores(config, () => {})
  try {
    const admin = await findAdmin(control)
    if (admin === null) throw new ConfigError('This installation has no administrator yet; start it first.')
    const url = `${consoleUrlOf(config)}/?token=${await issueOneTimeToken(control, admin, await control.now())}`
    console.log(given.is('json') ? JSON.stringify({ url }) : url)
    return 0
  } finally {
    await Promise.all([control.close(), events.close()])
  }
}
