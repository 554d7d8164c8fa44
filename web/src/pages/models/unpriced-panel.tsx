import { Link } from '@tanstack/react-router'
import { Tag, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { Badge } from '../../design/badge.tsx'
import { Button } from '../../design/button.tsx'
import { Count } from '../../design/figures.tsx'
import { formatDayIn } from '../../format/time.ts'
import { unpricedGroups, type UnpricedGroup } from './unpriced.ts'
import type { UnpricedModel, UsedModel } from './model-queries.ts'

interface Id { readonly provider: string; readonly model: string }

/** What was called and has no price: its cost is unknown, which is not zero. First on the page, because no total is whole before. */
export function UnpricedPanel({ rows, used, mayPrice, onOpen, onPrice }: { readonly rows: readonly UnpricedModel[]; readonly used: readonly UsedModel[]; readonly mayPrice: boolean; readonly onOpen: (id: Id) => void; readonly onPrice: (id: Id) => void }): ReactNode {
  const { open, settled } = unpricedGroups(rows, used)
  if (open.length === 0) return <SettledNote settled={settled} className="mb-4" />
  const calls = open.reduce((sum, group) => sum + group.calls, 0)
  return (
    <section aria-label="Without a price" className="mb-5 overflow-hidden rounded-xl border border-line bg-surface shadow-card">
      <header className="flex flex-wrap items-center gap-x-3 gap-y-1 bg-warn-soft px-5 py-3">
        <TriangleAlert aria-hidden className="size-4 shrink-0 text-warn" />
        <h2 className="text-base font-semibold text-warn">Without a price</h2>
        <p className="text-sm text-ink-2">{open.length === 1 ? 'One model' : `${open.length} models`}, <Count count={calls} /> {calls === 1 ? 'call' : 'calls'} whose cost nobody knows. They are in no total and no cost budget.</p>
      </header>
      <ul>
        {open.map((group) => (
          <li key={`${group.provider}/${group.model}`} className="flex flex-wrap items-center gap-x-6 gap-y-2 border-t border-line px-5 py-3 text-sm first:border-t-0">
            <div className="min-w-48 flex-1 max-md:basis-full">
              <p className="flex flex-wrap items-center gap-2"><button type="button" onClick={() => onOpen(group)} className="rounded font-medium hover:underline">{group.model}</button><span className="label-quiet">{group.provider}</span>{group.partial && <Badge tone="warn" title="Some of what it uses has a price, some has none.">Partly priced</Badge>}</p>
              {group.requested.length > 0 && <p className="label-quiet">asked for as {group.requested.join(', ')}</p>}
            </div>
            <Fact label="Calls"><Link to="/calls" search={{ model: group.model, pricing: 'incomplete', range: '30d' }} className="rounded hover:underline"><Count count={group.calls} /></Link></Fact>
            <Fact label="Tokens"><Count count={group.tokens} /></Fact>
            <Fact label="Seen">{seen(group)}</Fact>
            {mayPrice && <Button size="sm" variant="solid" icon={Tag} onClick={() => onPrice(group)}>Set a price</Button>}
          </li>
        ))}
      </ul>
      <SettledNote settled={settled} className="border-t border-line px-5 py-2.5" />
    </section>
  )
}

const Fact = ({ label, children }: { readonly label: string; readonly children: ReactNode }): ReactNode => <div className="min-w-16"><p className="label-quiet">{label}</p><p className="font-medium whitespace-nowrap">{children}</p></div>

function seen({ firstSeenMs, lastSeenMs }: UnpricedGroup): string {
  const [first, last] = [formatDayIn(firstSeenMs, 'UTC'), formatDayIn(lastSeenMs, 'UTC')]
  return first === last ? first : `${first} – ${last}`
}

function SettledNote({ settled, className }: { readonly settled: readonly UnpricedGroup[]; readonly className: string }): ReactNode {
  if (settled.length === 0) return null
  const calls = settled.reduce((sum, group) => sum + group.calls, 0)
  return <p className={`label-quiet ${className}`}><Count count={calls} /> earlier {calls === 1 ? 'call' : 'calls'} of {settled.map((group) => group.model).join(', ')} stay unpriced: {settled.length === 1 ? 'it has' : 'they have'} a price now, and history does not move.</p>
}
