import { parseArgs } from 'node:util'
import { nearestTo } from '../config/config.ts'

/** What a person typed cannot be done as typed; ends with exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

interface Flag {
  /** What stands for its value in the help; left out: a switch. */
  readonly value?: string
  /** May be given several times. */
  readonly many?: boolean
  readonly says: string
}

/** A command as its help tells it and as its arguments are read. */
export interface CommandSpec {
  /** As typed after "tollgate": "keys create". */
  readonly name: string
  /** One line. */
  readonly says: string
  /** Further paragraphs of its help. */
  readonly more?: string
  /** In order; those with ? may be left out. */
  readonly operands?: readonly string[]
  readonly flags?: Readonly<Record<string, Flag>>
  readonly examples?: readonly string[]
  /** Exit codes beside 0 done, 1 failed, 2 not understood. */
  readonly exits?: Readonly<Record<number, string>>
}

export interface Given {
  readonly operands: readonly string[]
  /** Value of a flag; undefined when it was not given. */
  text(flag: string): string | undefined
  /** Every value of a flag that may be repeated; commas part values too. */
  texts(flag: string): readonly string[]
  is(flag: string): boolean
}

const helpFlag: Flag = { says: 'prints this' }

/** Reads a command's arguments. Throws UsageError with a sentence that names what is wrong. */
export function readArguments(spec: CommandSpec, args: readonly string[]): Given {
  const flags: Readonly<Record<string, Flag>> = { ...spec.flags, help: helpFlag }
  const options = Object.fromEntries(Object.entries(flags).map(([name, flag]) => [name, { type: flag.value === undefined ? ('boolean' as const) : ('string' as const), multiple: flag.many ?? false }]))
  const { values, positionals, tokens } = parseArgs({ args: [...args], options, allowPositionals: true, strict: false, tokens: true })
  for (const token of tokens) if (token.kind === 'option') checkOption(spec, flags, token)
  const operands = spec.operands ?? []
  if (positionals.length > operands.length) throw new UsageError(`"${positionals[operands.length]}" is one word too many for \`tollgate ${spec.name}\`.${hint(spec)}`)
  const missing = operands.slice(positionals.length).find((operand) => !operand.endsWith('?'))
  if (missing !== undefined && values['help'] !== true) throw new UsageError(`\`tollgate ${spec.name}\` needs ${missing}.${hint(spec)}`)
  return {
    operands: positionals,
    text: (flag) => (typeof values[flag] === 'string' ? values[flag] : undefined),
    texts: (flag) => (Array.isArray(values[flag]) ? values[flag].flatMap((text) => String(text).split(',')).map((text) => text.trim()).filter((text) => text !== '') : []),
    is: (flag) => values[flag] === true,
  }
}

interface OptionToken { readonly name: string; readonly rawName: string; readonly value: string | undefined; readonly inlineValue: boolean | undefined }

function checkOption(spec: CommandSpec, flags: Readonly<Record<string, Flag>>, { name, rawName, value, inlineValue }: OptionToken): void {
  const flag = flags[name]
  if (flag === undefined) {
    const nearest = nearestTo(name, Object.keys(flags))
    throw new UsageError(`\`tollgate ${spec.name}\` has no ${rawName}${nearest === null ? '' : `; did you mean --${nearest}?`}${nearest === null ? '.' : ''}${hint(spec)}`)
  }
  if (flag.value === undefined && value !== undefined) throw new UsageError(`--${name} takes no value.`)
  // "--by --json" is a value left out, not a dimension called "--json".
  if (flag.value !== undefined && (value === undefined || (value.startsWith('--') && inlineValue !== true))) throw new UsageError(`--${name} needs a value: --${name} ${flag.value}.`)
}

const hint = (spec: CommandSpec): string => ` Try \`tollgate ${spec.name} --help\`.`

/** The help of one command. */
export function helpOf(spec: CommandSpec): string {
  const flags = Object.entries({ ...spec.flags, help: helpFlag })
  const usage = ['tollgate', spec.name, ...(spec.operands ?? []).map((operand) => (operand.endsWith('?') ? `[${operand.slice(0, -1)}]` : operand)), '[flags]'].join(' ')
  const shown = flags.map(([name, flag]) => [`--${name}${flag.value === undefined ? '' : ` ${flag.value}`}`, `${flag.says}${flag.many === true ? '; may be repeated' : ''}`] as const)
  const width = Math.max(...shown.map(([name]) => name.length))
  const exits = Object.entries({ 0: 'done', 1: 'failed', 2: 'not understood', ...spec.exits })
  return [
    `${spec.says.replace(/^./, (letter) => letter.toUpperCase())}.`, '', `  ${usage}`, '',
    ...(spec.more === undefined ? [] : [...wrapped(spec.more), '']),
    'Flags', ...shown.map(([name, says]) => `  ${name.padEnd(width)}  ${says}`), '',
    ...(spec.examples === undefined ? [] : ['Examples', ...spec.examples.map((example) => `  ${example}`), '']),
    `Exit codes: ${exits.map(([code, says]) => `${code} ${says}`).join(' · ')}`,
  ].join('\n')
}

function wrapped(text: string): readonly string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + word.length + 1 > 100) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}
