import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError, type Config } from '../config/config.ts'

/** Fills in the addresses of a running installation's embedded engines, from its data directory. */
export function embeddedConfig(config: Config): Config {
  if (config.postgres_url !== undefined && config.clickhouse_url !== undefined) return config
  for (const dataDir of [config.data_dir, `${config.data_dir}-demo`]) {
    const path = join(dataDir, 'engines', 'engines.json')
    if (!existsSync(path)) continue
    const { postgresPort, postgresPassword, eventsPort, eventsPassword } = JSON.parse(readFileSync(path, 'utf8')) as {
      postgresPort: number; postgresPassword: string; eventsPort: number; eventsPassword: string
    }
    return {
      ...config, data_dir: dataDir,
      postgres_url: config.postgres_url ?? `postgres://tollgate:${postgresPassword}@127.0.0.1:${postgresPort}/tollgate`,
      clickhouse_url: config.clickhouse_url ?? `http://tollgate:${eventsPassword}@127.0.0.1:${eventsPort}/tollgate`,
    }
  }
  throw new ConfigError(`There is no installation in ${config.data_dir}. Start one, or set TOLLGATE_POSTGRES_URL and TOLLGATE_CLICKHOUSE_URL.`)
}
