import type { CommandSpec, Given } from './command-line.ts'
import { adminTokenSpec, controlSpec, demoSpec, doctorSpec, gatewaySpec, keySpecs, priceSpecs, reportSpec, startSpec } from './specs.ts'

/** What a command is given: its arguments as they were read, and as they were typed. */
export interface Call { readonly given: Given; readonly args: readonly string[]; readonly version: string }
type Run = (call: Call) => Promise<number>

export interface Command {
  readonly spec: CommandSpec
  /** Loaded when it is asked for: a gateway needs neither the console's nor the engines' code in memory. */
  readonly load: () => Promise<Run>
}
/** Commands of one word, by the word that follows; the first is meant when none does. */
export interface CommandGroup { readonly says: string; readonly commands: Readonly<Record<string, Command>> }

export const commands: Readonly<Record<string, Command | CommandGroup>> = {
  start: { spec: startSpec, load: async () => { const { runStart } = await import('./start.ts'); return ({ args, version }) => runStart(args, version) } },
  demo: { spec: demoSpec, load: async () => { const { runDemo } = await import('./demo.ts'); return ({ args, version }) => runDemo(args, version) } },
  report: { spec: reportSpec, load: async () => { const { runReport } = await import('./report.ts'); return ({ given }) => runReport(given) } },
  keys: {
    says: 'list, create and revoke keys',
    commands: {
      list: { spec: keySpecs['list']!, load: async () => { const { listKeys } = await import('./keys.ts'); return ({ given }) => listKeys(given) } },
      create: { spec: keySpecs['create']!, load: async () => { const { createKey } = await import('./keys.ts'); return ({ given }) => createKey(given) } },
      revoke: { spec: keySpecs['revoke']!, load: async () => { const { revokeKey } = await import('./keys.ts'); return ({ given }) => revokeKey(given) } },
    },
  },
  prices: {
    says: 'list and explain prices, set and end your own',
    commands: {
      list: { spec: priceSpecs['list']!, load: async () => { const { listPrices } = await import('./prices.ts'); return ({ given }) => listPrices(given) } },
      explain: { spec: priceSpecs['explain']!, load: async () => { const { explainPrice } = await import('./prices.ts'); return ({ given }) => explainPrice(given) } },
      override: { spec: priceSpecs['override']!, load: async () => { const { overridePrice } = await import('./prices.ts'); return ({ given }) => overridePrice(given) } },
      end: { spec: priceSpecs['end']!, load: async () => { const { endOverride } = await import('./prices.ts'); return ({ given }) => endOverride(given) } },
    },
  },
  doctor: { spec: doctorSpec, load: async () => { const { runDoctor } = await import('./doctor.ts'); return ({ args, version }) => runDoctor(args, version) } },
  'admin-token': { spec: adminTokenSpec, load: async () => { const { runAdminToken } = await import('./admin-token.ts'); return ({ given }) => runAdminToken(given) } },
  gateway: { spec: gatewaySpec, load: async () => { const { runGateway } = await import('./gateway.ts'); return ({ args, version }) => runGateway(args, version) } },
  control: { spec: controlSpec, load: async () => { const { runControl } = await import('./control.ts'); return ({ args, version }) => runControl(args, version) } },
}

/** Processes that `start` runs beside the planes; nobody calls them by hand. */
export const internalCommands: Readonly<Record<string, () => Promise<(args: readonly string[], version: string) => Promise<number>>>> = {
  'demo-company': async () => (await import('./demo-company.ts')).runDemoCompany,
}

export const isGroup = (command: Command | CommandGroup): command is CommandGroup => 'commands' in command
