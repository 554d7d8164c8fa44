import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { acquireDirectoryLock } from '../base/directory-lock.ts'
import { ConfigError, type Config } from '../config/config.ts'
import { writeOwned } from '../config/secrets.ts'
import { readDemoFile } from '../demo/demo-file.ts'

/** What a start brings up. */
export interface StartMode {
  /** With the data directory of its own that a demo has. */
  readonly config: Config
  /** A simulated provider, labelled as such. */
  readonly demo: boolean
  /** In a demo: the made-up company with its history and live traffic. */
  readonly company: boolean
  readonly seed: number
}

/** The company most people will see; another seed makes another history of it. */
const defaultSeed = 2026
const markName = 'demo.mark'

/** Demo only where nothing real exists: no provider, no data directory of a real installation. Throws ConfigError for arguments that make no sense. */
export async function chooseMode(config: Config, args: readonly string[]): Promise<StartMode> {
  const options = readOptions(args)
  const configured = Object.keys(config.envProviders).length + Object.keys(config.providers).length > 0
  const hasData = existsSync(join(config.data_dir, 'engines'))
  const demo = options.demo || (!configured && !hasData && !options.noDemo && config.postgres_url === undefined)
  if (!demo) {
    if (options.fresh || options.seed !== null) throw new ConfigError('--fresh and --seed belong to a demo: use `tollgate demo`.')
    return { demo, company: false, seed: 0, config }
  }
  const demoConfig = { ...config, data_dir: `${config.data_dir}-demo` }
  if (options.fresh) await removeDemo(demoConfig.data_dir)
  const told = readDemoFile(demoConfig.data_dir)
  if (told !== null && options.seed !== null && told.seed !== options.seed) {
    throw new ConfigError(`The demo in ${demoConfig.data_dir} was made with seed ${told.seed}. Add --fresh to make a new one.`)
  }
  return { demo, company: !options.empty, seed: options.seed ?? told?.seed ?? defaultSeed, config: demoConfig }
}

function readOptions(args: readonly string[]): { readonly demo: boolean; readonly noDemo: boolean; readonly empty: boolean; readonly fresh: boolean; readonly seed: number | null } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        demo: { type: 'boolean', default: false }, 'no-demo': { type: 'boolean', default: false }, empty: { type: 'boolean', default: false },
        fresh: { type: 'boolean', default: false }, seed: { type: 'string' },
      },
    })
    if (values.seed !== undefined && !/^\d{1,9}$/.test(values.seed)) throw new ConfigError('--seed is a whole number of at most nine digits.')
    return { demo: values.demo, noDemo: values['no-demo'], empty: values.empty, fresh: values.fresh, seed: values.seed === undefined ? null : Number(values.seed) }
  } catch (error) {
    throw error instanceof ConfigError ? error : new ConfigError(error instanceof Error ? error.message : String(error))
  }
}

/** Leaves a note in a demo's directory, by which it may be thrown away later. */
export function markDemo(dataDir: string): void {
  if (!existsSync(join(dataDir, markName))) writeOwned(dataDir, markName, 'Everything in this directory is a Tollgate demo: `tollgate demo --fresh` deletes it.')
}

async function removeDemo(dataDir: string): Promise<void> {
  if (!existsSync(dataDir)) return
  if (!existsSync(join(dataDir, markName))) throw new ConfigError(`${dataDir} does not look like a demo of ours, so it is left alone. Delete it yourself if you are sure.`)
  const lock = existsSync(join(dataDir, 'engines')) ? await acquireDirectoryLock(join(dataDir, 'engines', 'engines.lock')) : null
  rmSync(dataDir, { recursive: true, force: true })
  lock?.release()
}

/** What the planes of a demo are told besides: the simulated provider in every format it speaks, whatever is configured for real. */
export function demoEnvironment(mode: StartMode, simUrl: string): NodeJS.ProcessEnv {
  return {
    TOLLGATE_DEMO: '1', ...(mode.company ? { TOLLGATE_DEMO_SEED: String(mode.seed) } : {}),
    OPENAI_API_KEY: 'sim', OPENAI_BASE_URL: simUrl, ANTHROPIC_API_KEY: 'sim', ANTHROPIC_BASE_URL: simUrl, GEMINI_API_KEY: 'sim', GOOGLE_GEMINI_BASE_URL: simUrl,
  }
}
