import type { OrgNode } from '../api/contract/contract.ts'
import type { ApiClient } from './api-client.ts'
import { ConfigError, nearestTo } from '../config/config.ts'
import { UsageError } from './command-line.ts'

/** A node by its id, its name, or "Unit / Team" when a name stands at several places. */
export async function findNode(api: ApiClient, text: string, kind?: OrgNode['kind']): Promise<OrgNode> {
  const nodes = (await api.get<{ rows: OrgNode[] }>('/api/v1/nodes')).rows.filter((node) => kind === undefined || node.kind === kind)
  const names = new Map(nodes.map((node) => [node.id, node.name]))
  const pathOf = (node: OrgNode): string => node.path.map((id) => names.get(id)).filter((name) => name !== undefined).join(' / ')
  const wanted = text.toLowerCase()
  const found = nodes.filter((node) => node.id === text || node.name.toLowerCase() === wanted || pathOf(node).toLowerCase().endsWith(` / ${wanted}`))
  if (found.length === 1) return found[0]!
  if (found.length > 1) throw new UsageError(`"${text}" stands at ${found.length} places. Say which: ${found.map((node) => `${node.id} (${pathOf(node)})`).join(', ')}.`)
  const nearest = nearestTo(text, nodes.map((node) => node.name))
  throw new ConfigError(`There is no ${kind ?? 'node'} "${text}"${nearest === null ? '' : `; did you mean "${nearest}"?`}${nearest === null ? '.' : ''}`)
}
