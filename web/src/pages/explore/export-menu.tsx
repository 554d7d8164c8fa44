import { Download } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import { useState, type ReactNode } from 'react'
import { fetchFile } from '../../api/client.ts'
import type { CostQueryInput } from '../../api/queries.ts'
import { Button } from '../../design/button.tsx'
import { FormError } from '../../design/field.tsx'
import { Modal } from '../../design/overlay.tsx'
import { saveFile } from '../../design/save-file.ts'

const item = 'flex cursor-pointer flex-col rounded px-2.5 py-1.5 text-sm outline-none data-[highlighted]:bg-hover'

/** The page's own question as a file: every bucket of the chart, or the table's lines, with the totals. */
export function ExportMenu({ question }: { readonly question: CostQueryInput }): ReactNode {
  const [error, setError] = useState<Error | null>(null)
  const [busy, setBusy] = useState(false)
  const whole: CostQueryInput = { ...question, granularity: 'none' }
  const save = (format: 'csv' | 'json', asked: CostQueryInput): void => {
    setBusy(true)
    fetchFile(`/api/v1/query/export?format=${format}`, asked).then(saveFile, setError).finally(() => setBusy(false))
  }
  const inSteps = question.granularity !== 'none'
  return (
    <>
      <DropdownMenu.Root modal={false}>
        <DropdownMenu.Trigger asChild><Button icon={Download} disabled={busy} aria-label="Export"><span className="max-sm:sr-only">{busy ? 'Exporting…' : 'Export'}</span></Button></DropdownMenu.Trigger>
        <DropdownMenu.Portal>
          <DropdownMenu.Content align="end" sideOffset={6} collisionPadding={8} className="animate-rise z-50 w-64 rounded-lg border border-line bg-raised p-1 shadow-float">
            {inSteps && <DropdownMenu.Item className={item} onSelect={() => save('csv', question)}>CSV, as charted<span className="label-quiet">A line per {question.granularity} and group</span></DropdownMenu.Item>}
            <DropdownMenu.Item className={item} onSelect={() => save('csv', whole)}>CSV, as in the table<span className="label-quiet">A line per group</span></DropdownMenu.Item>
            <DropdownMenu.Item className={item} onSelect={() => save('json', question)}>JSON<span className="label-quiet">The same for programs</span></DropdownMenu.Item>
          </DropdownMenu.Content>
        </DropdownMenu.Portal>
      </DropdownMenu.Root>
      <Modal open={error !== null} onOpenChange={(open) => { if (!open) setError(null) }} title="The export did not work"><div className="px-5 pb-5"><FormError error={error} /></div></Modal>
    </>
  )
}
