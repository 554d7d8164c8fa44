import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Activity, Tag } from 'lucide-react'
import type { ReactNode } from 'react'
import { Button } from '../../design/button.tsx'
import { CopyButton } from '../../design/copy.tsx'
import { Count, Money } from '../../design/figures.tsx'
import { Drawer } from '../../design/overlay.tsx'
import { Empty, ProblemState, Skeleton } from '../../design/state.tsx'
import { subtractDecimals } from '../../format/decimal.ts'
import { exactCount, formatShare } from '../../format/quantity.ts'
import { DrawerSection } from '../calls/drawer-section.tsx'
import { splitName } from './models-search.ts'
import { modelQuery, pricesQuery, type BookModel, type UsedModel } from './model-queries.ts'
import { PastPrices, PriceLines } from './price-lines.tsx'

interface ModelSheetProps {
  readonly name: string | undefined
  readonly open: boolean
  readonly used: readonly UsedModel[]
  readonly currency: string
  readonly rangeName: string
  readonly mayPrice: boolean
  readonly onClose: () => void
  readonly onPrice: () => void
}

/** One model: what it was used for, what it costs by list and by contract, and since when. */
export function ModelSheet({ name, open, used, currency, rangeName, mayPrice, onClose, onPrice }: ModelSheetProps): ReactNode {
  const id = name === undefined ? null : splitName(name)
  const use = id === null ? undefined : used.find((model) => model.provider === id.provider && (model.model === id.model || model.names.includes(id.model)))
  return (
    <Drawer
      open={open && id !== null} onOpenChange={(next) => { if (!next) onClose() }} title="Model"
      head={name !== undefined && <><CopyButton text={`${location.origin}/models?model=${encodeURIComponent(name)}`} label="Copy link to this model" icon="link" />{mayPrice && <Button size="sm" icon={Tag} className="ml-auto" onClick={onPrice}>Set contract price</Button>}</>}
    >
      {id !== null && <Details key={name} provider={id.provider} model={use?.model ?? id.model} use={use} currency={currency} rangeName={rangeName} mayPrice={mayPrice} onPrice={onPrice} />}
    </Drawer>
  )
}

interface DetailsProps extends Pick<ModelSheetProps, 'currency' | 'rangeName' | 'mayPrice' | 'onPrice'> { readonly provider: string; readonly model: string; readonly use: UsedModel | undefined }

function Details({ provider, model, use, currency, rangeName, mayPrice, onPrice }: DetailsProps): ReactNode {
  const { data, error, refetch } = useQuery(pricesQuery(provider, model))
  const known = useQuery(modelQuery(provider, model)).data?.rows[0]
  return (
    <div className="flex flex-col gap-3 p-3 sm:p-4">
      <section aria-label="Model" className="px-1 pt-1 pb-1">
        <h2 className="text-xl font-semibold tracking-[-0.015em] break-words">{model}</h2>
        <p className="label-quiet mt-0.5">{provider}{limitsOf(known)}</p>
      </section>
      {use !== undefined && <Use use={use} currency={currency} rangeName={rangeName} />}
      {data === undefined
        ? (error === null ? <div role="status" aria-label="Loading" className="rounded-xl border border-line bg-surface p-5"><Skeleton className="h-40" /></div> : <div className="rounded-xl border border-line bg-surface"><ProblemState error={error} onRetry={() => void refetch()} /></div>)
        : data.rows.length === 0
          ? <div className="rounded-xl border border-line bg-surface"><Empty icon={Tag} title="No price is known."><p>Calls of it are metered and their cost is unknown. A price you set applies to calls from then on.</p>{mayPrice && <Button size="sm" variant="solid" className="mt-4" icon={Tag} onClick={onPrice}>Set a price</Button>}</Empty></div>
          : <><PriceLines entries={data.rows} mayPrice={mayPrice} /><PastPrices entries={data.rows} /></>}
      {use !== undefined && <Names use={use} />}
    </div>
  )
}

function limitsOf(known: BookModel | undefined): string {
  if (known === undefined) return ''
  return `${known.contextTokens === null ? '' : ` · ${exactCount(known.contextTokens)} tokens of context`}${known.outputTokensMax === null ? '' : ` · answers up to ${exactCount(known.outputTokensMax)}`}`
}

function Use({ use, currency, rangeName }: { readonly use: UsedModel; readonly currency: string; readonly rangeName: string }): ReactNode {
  const saved = use.cost !== null && use.listCost !== null ? subtractDecimals(use.listCost, use.cost) : '0'
  return (
    <DrawerSection title={rangeName} aside={<Link to="/calls" search={{ model: use.names[0] ?? use.model, range: '30d' }} className="inline-flex items-center gap-1.5 rounded text-sm font-medium text-accent hover:underline"><Activity aria-hidden className="size-3.5" />Its calls</Link>}>
      <dl className="grid grid-cols-2 gap-x-4 gap-y-3 text-sm sm:grid-cols-4">
        <Fact label="Cost"><Money decimal={use.cost} currency={currency || 'USD'} /></Fact>
        <Fact label="Per call">{use.costPerCall === null ? '–' : <Money decimal={use.costPerCall} currency={currency || 'USD'} />}</Fact>
        <Fact label="Calls"><Count count={use.calls} /></Fact>
        <Fact label="Tokens"><Count count={use.tokens} /></Fact>
      </dl>
      {saved !== '0' && <p className="mt-3 text-sm text-ink-2">At list price it would have been <Money decimal={use.listCost} currency={currency || 'USD'} />: {saved.startsWith('-') ? <><Money decimal={saved.slice(1)} currency={currency || 'USD'} /> less than by contract.</> : <>your contract saved <Money decimal={saved} currency={currency || 'USD'} />.</>}</p>}
      {use.unpricedCalls > 0 && <p className="mt-3 text-sm text-warn">{use.unpricedCalls === use.calls ? 'None of its calls has' : `${formatShare(use.unpricedCalls / use.calls)} of its calls do not have`} a whole price. They keep that: a price set now applies to later calls.</p>}
    </DrawerSection>
  )
}
const Fact = ({ label, children }: { readonly label: string; readonly children: ReactNode }): ReactNode => <div><dt className="label-quiet">{label}</dt><dd className="font-medium">{children}</dd></div>

function Names({ use }: { readonly use: UsedModel }): ReactNode {
  return (
    <DrawerSection title="Names it was served under">
      <ul className="flex flex-wrap gap-1.5">{use.names.map((name) => <li key={name}><code className="rounded bg-sunken px-1.5 py-0.5 font-mono text-xs text-ink-2">{name}</code></li>)}</ul>
      <p className="label-quiet mt-2">{use.known ? `The price book takes ${use.names.length === 1 && use.names[0] === use.model ? 'it by its own name' : `${use.names.length === 1 ? 'this' : 'these'} for ${use.model}`}.` : 'The price book knows none of them.'}</p>
    </DrawerSection>
  )
}
