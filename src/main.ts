#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { helpOf, readArguments, UsageError } from './cli/command-line.ts'
import { commands, internalCommands, isGroup, type Command, type CommandGroup } from './cli/commands.ts'
import { nearestTo } from './config/config.ts'

const saysOf = (command: Command | CommandGroup): string => (isGroup(command) ? command.says : command.spec.says)
const listOf = (known: Readonly<Record<string, Command | CommandGroup>>): string => Object.entries(known).map(([name, command]) => `  ${name.padEnd(12)} ${saysOf(command)}`).join('\n')

const usage = `tollgate: what did that AI call cost, and who pays?

  tollgate <command> [flags]

${listOf(commands)}
  version      prints the version

\`tollgate <command> --help\` has flags and examples. Commands work on the installation that runs on this machine, or on
the one that TOLLGATE_URL and TOLLGATE_TOKEN name. Configuration: tollgate.yaml and the environment.

Exit codes: 0 done · 1 failed · 2 not understood · 3 doctor found differences
`

async function main(): Promise<number> {
  const { version } = JSON.parse(readFileSync(fileURLToPath(new URL('../package.json', import.meta.url)), 'utf8')) as { version: string }
  const [name, ...args] = process.argv.slice(2)
  if (name === 'version' || name === '--version') {
    console.log(version)
    return 0
  }
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    console.log(usage)
    return 0
  }
  const internal = internalCommands[name]
  if (internal !== undefined) return (await internal())(args, version)
  const found = commands[name] ?? noCommand(name, Object.keys(commands), '')
  return isGroup(found) ? runInGroup(name, found, args, version) : runCommand(found, args, version)
}

async function runInGroup(name: string, group: CommandGroup, args: readonly string[], version: string): Promise<number> {
  const [word, ...rest] = args
  if (word === '--help' || word === '-h' || word === 'help') {
    console.log(`tollgate ${name}: ${group.says}\n\n${listOf(group.commands)}\n\n\`tollgate ${name} <command> --help\` has flags and examples. Without a word, ${Object.keys(group.commands)[0]} is meant.`)
    return 0
  }
  if (word === undefined || word.startsWith('-')) return runCommand(Object.values(group.commands)[0]!, args, version)
  return runCommand(group.commands[word] ?? noCommand(word, Object.keys(group.commands), `${name} `), rest, version)
}

async function runCommand({ spec, load }: Command, args: readonly string[], version: string): Promise<number> {
  const typed = args.map((arg) => (arg === '-h' ? '--help' : arg))
  const given = readArguments(spec, typed)
  if (given.is('help')) {
    console.log(helpOf(spec))
    return 0
  }
  return (await load())({ given, args: typed, version })
}

function noCommand(name: string, known: readonly string[], group: string): never {
  const nearest = nearestTo(name, known)
  throw new UsageError(`There is no command "${group}${name}"${nearest === null ? '.' : `; did you mean \`tollgate ${group}${nearest}\`?`} \`tollgate ${group}--help\` lists them.`)
}

/** Errors that a person can act on are sentences; anything else is a defect and keeps its stack. */
function sentenceOf(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { code, port } = error as { code?: string; port?: number }
  if (code === 'EADDRINUSE') return `tollgate: port ${port} is taken. Stop what uses it, or set TOLLGATE_GATEWAY_PORT or TOLLGATE_CONSOLE_PORT.`
  if (code === 'ENOSPC') return 'tollgate: the disk of the data directory is full. Free some space; nothing that was recorded is lost.'
  return ['ConfigError', 'DirectoryInUseError', 'EngineUnavailableError', 'PlaneError', 'UsageError'].includes(error.name) ? `tollgate: ${error.message}` : error
}

/** Waits until what was written has left: a pipe takes its time, and process.exit does not wait for it. */
const flushed = (stream: NodeJS.WriteStream): Promise<void> => new Promise((resolve) => { stream.write('', () => resolve()) })

const end = async (code: number): Promise<void> => {
  await Promise.all([flushed(process.stdout), flushed(process.stderr)])
  process.exit(code)
}
// `tollgate report | head` closes the pipe while there is more to say.
process.stdout.on('error', (error: NodeJS.ErrnoException) => { if (error.code === 'EPIPE') process.exit(0) })

main().then(end, (error: unknown) => {
  console.error(sentenceOf(error))
  return end(error instanceof UsageError ? 2 : 1)
})
