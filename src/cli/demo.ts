import { runStart } from './start.ts'

/**
 * `tollgate demo [--seed N] [--fresh]`: a made-up company, ninety days of its history and live traffic on a simulated provider,
 * in a data directory of its own. `--fresh` deletes that directory first; it deletes none that is not a demo.
 */
export const runDemo = (args: readonly string[], version: string): Promise<number> => runStart(['--demo', ...args], version)
