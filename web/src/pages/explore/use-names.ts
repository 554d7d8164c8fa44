import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { nodesQuery } from '../../api/queries.ts'
import { nameOf, type Dimension } from './measures.ts'

/** Names for values in filters: the organisation's from its tree, the others are their own. */
export function useNames(): (dimension: Dimension, id: string) => string {
  const nodes = useQuery(nodesQuery)
  const names = useMemo(() => new Map((nodes.data?.rows ?? []).map((node) => [node.id, node.name])), [nodes.data])
  return (dimension, id) => nameOf(dimension, id, names.get(id) ?? '')
}
