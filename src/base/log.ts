/** Where a module reports to operators; `detail` never carries secrets or caller text. */
export type Log = (level: 'info' | 'warn' | 'error', message: string, detail?: object) => void
