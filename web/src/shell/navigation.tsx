import { Link } from '@tanstack/react-router'
import { Ellipsis } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import type { ReactNode } from 'react'
import { classNames } from '../design/class-names.ts'
import { destinations, type Destination } from './destinations.ts'

const exactly = (place: Destination): { readonly exact: boolean; readonly includeSearch: false } => ({ exact: place.to === '/', includeSearch: false })

/** Every page at the left of a wide window, in three quiet groups. */
export function SideNavigation(): ReactNode {
  return (
    <nav aria-label="Main" className="flex flex-1 flex-col gap-0.5 overflow-y-auto">
      {destinations.map((place, index) => (
        <Link
          key={place.to} to={place.to} activeOptions={exactly(place)}
          className={classNames('focus-inset group flex h-8 shrink-0 items-center gap-2.5 rounded-md px-2.5 text-sm font-medium text-ink-2 hover:bg-hover hover:text-ink data-[status=active]:bg-hover data-[status=active]:text-ink', index > 0 && destinations[index - 1]?.group !== place.group && 'mt-4')}
        >
          <place.icon aria-hidden className="size-4 text-ink-3 group-data-[status=active]:text-accent" />
          {place.label}
        </Link>
      ))}
    </nav>
  )
}

const footItem = 'focus-inset flex flex-1 flex-col items-center justify-center gap-0.5 text-2xs font-medium text-ink-2 data-[status=active]:text-accent'

/** The pages a phone opens most, at its foot; the others in a list that rises from it. */
export function FootNavigation(): ReactNode {
  return (
    <nav aria-label="Main" className="flex h-14 shrink-0 border-t border-line bg-surface md:hidden print:hidden">
      {destinations.filter((place) => place.atFoot).map((place) => (
        <Link key={place.to} to={place.to} activeOptions={exactly(place)} className={footItem}><place.icon aria-hidden className="size-5" />{place.label}</Link>
      ))}
      <DropdownMenu.Root modal={false}>
        <DropdownMenu.Trigger className={classNames(footItem, 'data-[state=open]:text-ink')}><Ellipsis aria-hidden className="size-5" />More</DropdownMenu.Trigger>
        <DropdownMenu.Portal>
          <DropdownMenu.Content side="top" align="end" sideOffset={8} collisionPadding={8} className="animate-rise z-50 min-w-56 rounded-xl border border-line bg-raised p-1.5 shadow-float">
            {destinations.filter((place) => !place.atFoot).map((place) => (
              <DropdownMenu.Item key={place.to} asChild>
                <Link to={place.to} activeOptions={exactly(place)} className="flex h-11 items-center gap-3 rounded-lg px-3 text-base font-medium text-ink outline-none data-[highlighted]:bg-hover data-[status=active]:text-accent"><place.icon aria-hidden className="size-4.5 text-ink-3" />{place.label}</Link>
              </DropdownMenu.Item>
            ))}
          </DropdownMenu.Content>
        </DropdownMenu.Portal>
      </DropdownMenu.Root>
    </nav>
  )
}
