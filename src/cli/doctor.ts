import { loadConfig } from '../config/config.ts'
import { reconcile } from '../jobs/reconcile.ts'
import { openStores } from './control.ts'
import { embeddedConfig } from './embedded.ts'

/** `tollgate doctor [--json]`: exit 0 when every check holds, 1 when one does not. */
export async function runDoctor(args: readonly string[], _version: string): Promise<number> {
  const config = embeddedConfig(loadConfig(process.env, process.cwd()))
  const { control, events } = openStores(config, () => {})
  try {
    const findings = await reconcile(control, events)
    const failed = findings.filter((finding) => !finding.ok).length
    if (args.includes('--json')) console.log(JSON.stringify({ ok: failed === 0, findings }, null, 2))
    else {
      for (const { check, ok, detail } of findings) console.log(`${ok ? 'ok  ' : 'FAIL'}  ${check}${detail === '' ? '' : `  (${detail})`}`)
      console.log(failed === 0 ? `\nAll ${findings.length} checks hold.` : `\n${failed} of ${findings.length} checks fail.`)
    }
    return failed === 0 ? 0 : 1
  } finally {
    await Promise.all([control.close(), events.close()])
  }
}
