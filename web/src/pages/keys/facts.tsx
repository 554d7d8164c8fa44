import type { ReactNode } from 'react'

export type KeyFact = readonly [label: string, value: ReactNode]

/** Names over values, two or three beside each other. */
export function FactGrid({ facts }: { readonly facts: readonly KeyFact[] }): ReactNode {
  return (
    <dl className="grid grid-cols-2 gap-x-5 gap-y-3 text-sm sm:grid-cols-3">
      {facts.map(([label, value]) => (
        <div key={label} className="min-w-0"><dt className="label-quiet">{label}</dt><dd className="mt-0.5 font-medium break-words">{value}</dd></div>
      ))}
    </dl>
  )
}
