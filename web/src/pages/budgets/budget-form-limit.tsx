import { ShieldCheck, Eye, type LucideIcon } from 'lucide-react'
import { useId, type ReactNode } from 'react'
import { classNames } from '../../design/class-names.ts'
import { SelectField, TextField } from '../../design/field.tsx'
import { DrawerSection } from '../calls/drawer-section.tsx'
import type { DraftProps } from './budget-form.tsx'
import { outputBoundNames } from './budget-words.ts'

/** What happens at the limit, and what a hard budget does with calls it cannot bound. */
export function AtLimitFields({ draft, change, errors }: DraftProps): ReactNode {
  const name = useId()
  return (
    <DrawerSection title="At the limit">
      <fieldset className="grid grid-cols-1 gap-2 sm:grid-cols-2">
        <legend className="sr-only">At the limit</legend>
        <Choice name={name} icon={ShieldCheck} checked={draft.hard} onChoose={() => change({ hard: true })} label="Refuse (hard)">A call whose worst case does not fit into what is left is refused before it leaves, with 402. Never overrun.</Choice>
        <Choice name={name} icon={Eye} checked={!draft.hard} onChoose={() => change({ hard: false })} label="Only count (soft)">Nothing is refused; the budget shows what is used and where it is headed.</Choice>
      </fieldset>
      {draft.hard && (
        <details className="mt-4" open={errors['outputCapDefault'] !== undefined}>
          <summary className="w-fit text-sm font-medium text-ink-2 hover:text-ink">Calls whose worst case is not known</summary>
          <div className="mt-3 grid grid-cols-1 gap-3 sm:grid-cols-2">
            <SelectField label="Without an output cap" value={draft.outputBound} options={Object.entries(outputBoundNames).map(([value, label]) => ({ value, label }))} hint="An answer may be as long as the model allows unless the caller says otherwise." onChange={(event) => change({ outputBound: event.target.value as typeof draft.outputBound })} />
            {draft.outputBound === 'inject' && <TextField label="Cap, tokens per choice" inputMode="numeric" value={draft.outputCapDefault} error={errors['outputCapDefault']} onChange={(event) => change({ outputCapDefault: event.target.value })} />}
            <SelectField label="Models without a price" value={draft.unpriced} options={policies} hint="What has no price cannot be counted." onChange={(event) => change({ unpriced: event.target.value as typeof draft.unpriced })} />
            <SelectField label="Kinds that cannot be bounded" value={draft.unbounded} options={policies} hint="State kept by the provider, its own tools, some media." onChange={(event) => change({ unbounded: event.target.value as typeof draft.unbounded })} />
          </div>
        </details>
      )}
    </DrawerSection>
  )
}
const policies = [{ value: 'refuse', label: 'Refuse them' }, { value: 'allow', label: 'Let them through' }]

function Choice({ name, icon: Icon, checked, onChoose, label, children }: { readonly name: string; readonly icon: LucideIcon; readonly checked: boolean; readonly onChoose: () => void; readonly label: string; readonly children: ReactNode }): ReactNode {
  const id = useId()
  return (
    <div className={classNames('relative flex gap-3 rounded-lg border p-3', checked ? 'border-accent bg-accent-soft' : 'border-line-strong hover:bg-hover')}>
      <input id={id} type="radio" name={name} checked={checked} onChange={onChoose} aria-describedby={`${id}-note`} className="mt-0.5 size-4 shrink-0 accent-[var(--accent)]" />
      <div className="min-w-0">
        <label htmlFor={id} className="flex items-center gap-1.5 text-sm font-medium after:absolute after:inset-0 after:cursor-pointer"><Icon aria-hidden className="size-3.5" />{label}</label>
        <p id={`${id}-note`} className="mt-0.5 text-xs text-ink-2">{children}</p>
      </div>
    </div>
  )
}
