#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

type Run = (args: readonly string[], version: string) => Promise<number>

/** Each command is loaded when it is asked for: a gateway needs neither the console's nor the engines' code in memory. */
const commands: Readonly<Record<string, { readonly load: () => Promise<Run>; readonly says: string }>> = {
  start: { load: async () => (await import('./cli/start.ts')).runStart, says: 'gateway, control plane and embedded engines, on one machine' },
  gateway: { load: async () => (await import('./cli/gateway.ts')).runGateway, says: 'a gateway; needs TOLLGATE_CONTROL_URL and TOLLGATE_NODE_CREDENTIAL' },
  control: { load: async () => (await import('./cli/control.ts')).runControl, says: 'the control plane; needs TOLLGATE_POSTGRES_URL and TOLLGATE_CLICKHOUSE_URL' },
  doctor: { load: async () => (await import('./cli/doctor.ts')).runDoctor, says: 'proves that journal, records, rollups and budgets agree (--json, --journal DIR, --repair)' },
  'admin-token': { load: async () => (await import('./cli/admin-token.ts')).runAdminToken, says: 'a new one-time sign-in link for the administrator of a running installation' },
}

const usage = `tollgate: what did that AI call cost, and who pays?

  tollgate <command>

${Object.entries(commands).map(([name, { says }]) => `  ${name.padEnd(12)} ${says}`).join('\n')}
  version      prints the version

Configuration is read from tollgate.yaml and the environment; see docs/configuration.md.
`

async function main(): Promise<number> {
  const { version } = JSON.parse(readFileSync(fileURLToPath(new URL('../package.json', import.meta.url)), 'utf8')) as { version: string }
  const [name, ...args] = process.argv.slice(2)
  if (name === 'version' || name === '--version') {
    console.log(version)
    return 0
  }
  const command = name === undefined ? undefined : commands[name]
  if (command === undefined) {
    const asked = name === undefined || name === 'help' || name === '--help'
    ;(asked ? console.log : console.error)(asked ? usage : `tollgate: there is no command "${name}".\n\n${usage}`)
    return asked ? 0 : 2
  }
  return (await command.load())(args, version)
}

/** Errors that a person can act on are sentences; anything else is a defect and keeps its stack. */
function sentenceOf(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { code, port } = error as { code?: string; port?: number }
  if (code === 'EADDRINUSE') return `tollgate: port ${port} is taken. Stop what uses it, or set TOLLGATE_GATEWAY_PORT or TOLLGATE_CONSOLE_PORT.`
  if (code === 'ENOSPC') return 'tollgate: the disk of the data directory is full. Free some space; nothing that was recorded is lost.'
  return ['ConfigError', 'DirectoryInUseError', 'EngineUnavailableError', 'PlaneError'].includes(error.name) ? `tollgate: ${error.message}` : error
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(sentenceOf(error))
    process.exit(1)
  },
)
