import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError, type Config } from '../config/config.ts'

/** Fills in the addresses of a running installation's embedded engines, from its data directory. */
export function embeddedConfig(config: Config): Config {
  const [first] = embeddedConfigs(config)
  if (first === undefined) throw new ConfigError(`There is no installation in ${config.data_dir}. Start one, or set TOLLGATE_POSTGRES_URL and TOLLGATE_CLICKHOUSE_URL.`)
  return first
}

/** The same for every installation that was ever started from here, the real one before the demo. */
export function embeddedConfigs(config: Config): readonly Config[] {
  if (config.postgres_url !== undefined && config.clickhouse_url !== undefined) return [config]
  return [config.data_dir, `${config.data_dir}-demo`].flatMap((dataDir) => {
    const path = join(dataDir, 'engines', 'engines.json')
    if (!existsSync(path)) return []
    const { postgresPort, postgresPassword, eventsPort, eventsPassword } = JSON.parse(readFileSync(path, 'utf8')) as {
      postgresPort: number; postgresPassword: string; eventsPort: number; eventsPassword: string
    }
    return [{
      ...config, data_dir: dataDir,
      postgres_url: config.postgres_url ?? `postgres://tollgate:${postgresPassword}@127.0.0.1:${postgresPort}/tollgate`,
      clickhouse_url: config.clickhouse_url ?? `http://tollgate:${eventsPassword}@127.0.0.1:${eventsPort}/tollgate`,
    }]
  })
}

/** Where the control plane writes the console's address, for commands that come later. */
export const consoleUrlFile = 'console-url'

export function consoleUrlOf(config: Config): string {
  const path = join(config.data_dir, consoleUrlFile)
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : `http://127.0.0.1:${config.console.port}`
}
