import { Check, ChevronsUpDown, LogOut, Monitor, Moon, Sun } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import type { ReactNode } from 'react'
import { setTheme, useThemeChoice, type ThemeChoice } from './theme.ts'

const item = 'flex h-8 cursor-pointer items-center gap-2.5 rounded px-2 text-sm text-ink outline-none data-[highlighted]:bg-hover'
const themes = [
  { value: 'system', label: 'As the system', icon: Monitor },
  { value: 'light', label: 'Light', icon: Sun },
  { value: 'dark', label: 'Dark', icon: Moon },
] as const satisfies readonly { value: ThemeChoice; label: string; icon: unknown }[]

const initialsOf = (name: string): string => name.split(/[\s@.]+/).filter(Boolean).slice(0, 2).map((word) => word[0]!.toUpperCase()).join('')

export function UserMenu({ name, email, onSignOut, compact = false }: { readonly name: string; readonly email: string; readonly onSignOut: () => void; readonly compact?: boolean }): ReactNode {
  const choice = useThemeChoice()
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger className="flex w-full items-center gap-2.5 rounded-lg p-1.5 text-left hover:bg-hover">
        <span aria-hidden className="inline-flex size-7 shrink-0 items-center justify-center rounded-full bg-accent-soft text-2xs font-semibold text-accent">{initialsOf(name)}</span>
        {compact ? <span className="sr-only">Account of {name}</span> : (
          <>
            <span className="min-w-0 flex-1"><span className="block truncate text-sm leading-4 font-medium">{name}</span><span className="label-quiet block truncate">{email}</span></span>
            <ChevronsUpDown aria-hidden className="size-3.5 text-ink-3" />
          </>
        )}
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align="end" sideOffset={6} collisionPadding={8} className="animate-rise z-50 min-w-52 rounded-lg border border-line bg-raised p-1 shadow-float">
          <DropdownMenu.Label className="label-quiet px-2 py-1.5">Theme</DropdownMenu.Label>
          <DropdownMenu.RadioGroup value={choice}>
            {themes.map((theme) => (
              <DropdownMenu.RadioItem key={theme.value} value={theme.value} onSelect={() => setTheme(theme.value)} className={item}>
                <theme.icon aria-hidden className="size-4 text-ink-3" />
                <span className="flex-1">{theme.label}</span>
                <DropdownMenu.ItemIndicator><Check aria-hidden className="size-3.5" /></DropdownMenu.ItemIndicator>
              </DropdownMenu.RadioItem>
            ))}
          </DropdownMenu.RadioGroup>
          <DropdownMenu.Separator className="my-1 h-px bg-line" />
          <DropdownMenu.Item onSelect={onSignOut} className={item}><LogOut aria-hidden className="size-4 text-ink-3" />Sign out</DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}
