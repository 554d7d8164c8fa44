import type { ReactNode } from 'react'
import type { UsageRecord } from '../../api/queries.ts'
import { Snippet } from '../../design/copy.tsx'
import { DrawerSection } from './drawer-section.tsx'

/** The provider's usage object as it came. Prompts and answers are never kept. */
export function RawUsage({ record }: { readonly record: UsageRecord }): ReactNode {
  if (record.rawUsage === '') return null
  return (
    <DrawerSection title="Usage as the provider sent it">
      <Snippet code={indented(record.rawUsage)} label="Raw usage" />
      {record.unknownUsageKeys !== '' && <p className="mt-2 text-xs text-warn">Keys this version does not know: <code className="font-mono">{record.unknownUsageKeys}</code></p>}
    </DrawerSection>
  )
}

function indented(json: string): string {
  try { return JSON.stringify(JSON.parse(json), null, 2) } catch { return json }
}
