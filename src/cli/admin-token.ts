import { ConfigError, loadConfig } from '../config/config.ts'
import { issueOneTimeToken } from '../api/credentials.ts'
import { embeddedConfig } from './embedded.ts'
import { openStores } from './control.ts'

/** `tollgate admin-token`: a new one-time sign-in link, for whoever may read the data directory. */
export async function runAdminToken(_args: readonly string[], _version: string): Promise<number> {
  const config = embeddedConfig(loadConfig(process.env, process.cwd()))
  const { control, events } = openStores(config, () => {})
  try {
    for (const org of await control.listOrgs()) {
      const admin = (await control.listUsers(org.orgId)).find((user) => !user.disabled && user.grants.some((grant) => grant.role === 'admin' && grant.nodeId === org.id))
      if (admin === undefined) continue
      console.log(`http://127.0.0.1:${config.console.port}/?token=${await issueOneTimeToken(control, admin, await control.now())}`)
      return 0
    }
    throw new ConfigError('This installation has no administrator yet; start it first.')
  } finally {
    await Promise.all([control.close(), events.close()])
  }
}
