import type { CommandSpec } from './command-line.ts'

/** Every command as its help tells it; what each does is in the file of its name. */

const json = { says: 'one JSON document on standard output' }
const zone = { value: 'ZONE', says: 'IANA zone that days and months are cut in (default: this machine\'s)' }
const day = 'DAY'

export const startSpec: CommandSpec = {
  name: 'start', says: 'gateway, control plane and embedded engines, on one machine',
  more: 'With a provider key in the environment (OPENAI_API_KEY, ANTHROPIC_API_KEY, GEMINI_API_KEY) or in tollgate.yaml that provider is served. With neither, and no data yet, it comes up as a demo in a data directory of its own. Ctrl-C stops it; calls in flight are finished.',
  flags: {
    demo: { says: 'a demo, whatever is configured' }, 'no-demo': { says: 'no demo, though nothing is configured' }, empty: { says: 'a demo without the made-up company' },
    seed: { value: 'N', says: 'seed of the made-up company' }, fresh: { says: 'throws the demo\'s data away first' },
  },
  examples: ['tollgate start', 'OPENAI_API_KEY=sk-… tollgate start', 'TOLLGATE_GATEWAY_PORT=9400 TOLLGATE_CONSOLE_PORT=9401 tollgate start'],
}
export const demoSpec: CommandSpec = {
  name: 'demo', says: 'the same with a made-up company and a simulated provider',
  more: 'Three business units, their teams and apps, ninety days of history and live traffic, all made from a seed, in a data directory of its own that no real data ever enters.',
  flags: { seed: { value: 'N', says: 'another company' }, fresh: { says: 'throws the demo\'s data away first' }, empty: { says: 'the simulated provider only' } },
  examples: ['tollgate demo', 'tollgate demo --fresh --seed 7'],
}
export const gatewaySpec: CommandSpec = {
  name: 'gateway', says: 'a gateway alone; its control plane is elsewhere',
  more: 'Needs TOLLGATE_CONTROL_URL and TOLLGATE_NODE_CREDENTIAL. It serves from its last snapshot and its leases while the control plane is away.',
  examples: ['TOLLGATE_CONTROL_URL=https://tollgate.example.com TOLLGATE_NODE_CREDENTIAL=tgn_… tollgate gateway'],
}
export const controlSpec: CommandSpec = {
  name: 'control', says: 'the control plane alone: API, console and what gateways talk to',
  more: 'Needs TOLLGATE_POSTGRES_URL and TOLLGATE_CLICKHOUSE_URL.',
  examples: ['TOLLGATE_POSTGRES_URL=postgres://… TOLLGATE_CLICKHOUSE_URL=https://… tollgate control'],
}
export const doctorSpec: CommandSpec = {
  name: 'doctor', says: 'proves that journal, records, rollups and budgets agree',
  more: 'Reads the journals of this machine\'s gateway and both databases, recomputes everything and compares. It changes nothing unless --repair is given.',
  flags: {
    json, journal: { value: 'DIR', many: true, says: 'a journal directory to read (default: those of this installation)' }, repair: { says: 'brings the stores back to what the journals say' },
    'dry-run': { says: 'with --repair: says what it would do' }, budgets: { says: 'with --repair: sets budgets to the sum of their records' },
  },
  examples: ['tollgate doctor', 'tollgate doctor --repair --dry-run'], exits: { 3: 'something differs' },
}
export const adminTokenSpec: CommandSpec = {
  name: 'admin-token', says: 'a new one-time sign-in link for the administrator',
  more: 'For whoever may read the data directory of a running installation.', flags: { json }, examples: ['tollgate admin-token'],
}
export const keySpecs: Readonly<Record<string, CommandSpec>> = {
  list: { name: 'keys list', says: 'keys within your grants', flags: { app: { value: 'NODE', says: 'only below this app, team or unit' }, all: { says: 'expired and revoked ones too' }, json }, examples: ['tollgate keys list', 'tollgate keys list --app Checkout --json'] },
  create: {
    name: 'keys create', says: 'a new key for an app', more: 'The secret stands alone on standard output and is shown this once.',
    flags: { app: { value: 'APP', says: 'id or name of the app; it decides who pays' }, name: { value: 'NAME', says: 'what the key is for' }, expires: { value: 'WHEN', says: 'a day, an instant, or a while such as 90d (default: never)' }, json },
    examples: ['tollgate keys create --app "Getting started" --name laptop', 'KEY=$(tollgate keys create --app bot --name ci --expires 90d)'],
  },
  revoke: { name: 'keys revoke', says: 'ends a key for good', operands: ['KEY'], flags: { json }, examples: ['tollgate keys revoke key_3f9c', 'tollgate keys revoke laptop'] },
}
export const priceSpecs: Readonly<Record<string, CommandSpec>> = {
  list: { name: 'prices list', says: 'models and their standard rates now', operands: ['SEARCH?'], flags: { provider: { value: 'NAME', says: 'only this provider' }, json }, examples: ['tollgate prices list gpt-4o', 'tollgate prices list --provider anthropic'] },
  explain: {
    name: 'prices explain', says: 'which model a name stands for, and every entry that may price it', operands: ['MODEL'],
    flags: { provider: { value: 'NAME', says: 'whose model; or write provider/model' }, at: { value: 'WHEN', says: 'as of this day or instant (default: now)' }, json },
    examples: ['tollgate prices explain gpt-4o', 'tollgate prices explain anthropic/claude-sonnet-4-5 --at 2026-06-01'],
  },
  override: {
    name: 'prices override', says: 'your contract price of one component', operands: ['MODEL'], more: 'It applies to calls from --from on. What was recorded before keeps its price.',
    flags: {
      component: { value: 'NAME', says: 'input_text, cache_read, output_text, output_reasoning …' }, amount: { value: 'DECIMAL', says: 'price of --per units; "0" says it is free' }, per: { value: 'N', says: 'units (default 1000000)' },
      currency: { value: 'CODE', says: 'default USD' }, from: { value: day, says: 'default: now' }, until: { value: day, says: 'default: open' }, reason: { value: 'TEXT', says: 'where the figure comes from' }, provider: { value: 'NAME', says: 'whose model; or write provider/model' }, json,
    },
    examples: ['tollgate prices override openai/gpt-4o --component input_text --amount 2.25 --reason "2026 agreement"'],
  },
  end: { name: 'prices end', says: 'ends an override; the list price applies again', operands: ['ENTRY'], flags: { at: { value: 'WHEN', says: 'default: now' }, json }, examples: ['tollgate prices end price_1b2c'] },
}
export const reportSpec: CommandSpec = {
  name: 'report', says: 'spend by team, app, model, workflow …, or a node\'s month as its statement',
  flags: {
    by: { value: 'DIMENSION', many: true, says: 'team (default), app, unit, model, workflow, cost_centre, key, user …' }, where: { value: 'DIM=VALUE', many: true, says: 'only these calls' },
    month: { value: 'YYYY-MM', says: 'a month (default: this one so far)' }, from: { value: day, says: 'first day, or an instant' }, to: { value: day, says: 'last day, or an instant' }, zone,
    statement: { value: 'NODE', says: 'the month\'s statement of an organisation, unit, team or app' }, limit: { value: 'N', says: 'rows at most (default 1000)' }, json, csv: { says: 'a file with every digit and a row of totals' },
  },
  examples: ['tollgate report', 'tollgate report --by model --by workflow --month 2026-10', 'tollgate report --by app --where team=Checkout --from 2026-11-01 --to 2026-11-07', 'tollgate report --statement Checkout --month 2026-10 --csv > checkout.csv'],
}
