import { useSyncExternalStore } from 'react'

const wide = matchMedia('(min-width: 48rem)')
const subscribe = (listener: () => void): (() => void) => {
  wide.addEventListener('change', listener)
  return () => wide.removeEventListener('change', listener)
}
/** True from tablet width up, where tables have columns. */
export const useWide = (): boolean => useSyncExternalStore(subscribe, () => wide.matches)
