import { Link } from '@tanstack/react-router'
import { SignpostBig } from 'lucide-react'
import type { ReactNode } from 'react'
import { Empty } from '../design/state.tsx'

export function NotFound(): ReactNode {
  return (
    <div className="flex flex-1 items-center justify-center">
      <Empty page icon={SignpostBig} title="There is no page at this address.">
        <Link to="/" className="font-medium text-accent underline underline-offset-4">Go to Overview</Link>
      </Empty>
    </div>
  )
}
