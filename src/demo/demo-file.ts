import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * What a demo's data directory knows of its company: the seed and instant everything follows from, what of the history has been
 * told, and the keys of its apps. Its presence is what makes a directory a demo.
 */
export interface DemoFile {
  readonly format: 1
  readonly seed: number
  readonly anchorMs: number
  readonly journalId: string
  /** Stretches of history, in the order in which they were told; each is a segment of the demo's journal. */
  readonly spans: readonly Span[]
  readonly budgetsMade: boolean
  /** Up to here live traffic ran when it was last looked at; 0 before there was any. */
  readonly liveUntilMs: number
  /** Gateway key secrets by key id. */
  readonly secrets: Readonly<Record<string, string>>
}
export interface Span {
  readonly segment: number
  readonly fromMs: number
  readonly toMs: number
  /** Where a hard budget of a team was spent. Kept, so that telling the span again after a crash tells the same. */
  readonly spent: readonly { readonly teamId: string; readonly fromMs: number; readonly toMs: number }[]
  readonly done: boolean
}

const fileName = 'demo.json'

/** Null where no demo company lives. */
export function readDemoFile(dataDir: string): DemoFile | null {
  const path = join(dataDir, fileName)
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) as DemoFile : null
}

export function writeDemoFile(dataDir: string, file: DemoFile): void {
  const path = join(dataDir, fileName)
  writeFileSync(`${path}.next`, `${JSON.stringify(file, null, 1)}\n`, { mode: 0o600 })
  chmodSync(`${path}.next`, 0o600)
  renameSync(`${path}.next`, path)
}
