import type { OrgNode, RoleGrant } from '../store/ports.ts'

/** An organisation's nodes, with the questions that rights and lists ask of them. Immutable. */
export class OrgTree {
  readonly nodes: readonly OrgNode[]
  readonly #byId: ReadonlyMap<string, OrgNode>
  readonly root: OrgNode | null

  constructor(nodes: readonly OrgNode[]) {
    this.nodes = nodes
    this.#byId = new Map(nodes.map((node) => [node.id, node]))
    this.root = nodes.find((node) => node.parentId === null) ?? null
  }

  get(id: string): OrgNode | null {
    return this.#byId.get(id) ?? null
  }

  /** Node ids from the organisation down to the node; empty for an unknown one. */
  pathOf(id: string): readonly string[] {
    const path: string[] = []
    // The bound ends a walk over a stored cycle, which no writer of ours makes.
    for (let node = this.get(id); node && path.length <= this.nodes.length; node = node.parentId === null ? null : this.get(node.parentId)) path.unshift(node.id)
    return path
  }

  /** True when `id` is `above` or stands below it. */
  isWithin(id: string, above: string): boolean {
    return this.pathOf(id).includes(above)
  }

  childrenOf(id: string): readonly OrgNode[] {
    return this.nodes.filter((node) => node.parentId === id)
  }

  /** Cost centre of the node or of the nearest one above that has one; '' when none has. */
  costCentreOf(id: string): string {
    for (const step of this.pathOf(id).toReversed()) {
      const costCentre = this.get(step)?.costCentre ?? ''
      if (costCentre !== '') return costCentre
    }
    return ''
  }

  /** "Retail / Checkout": names below the organisation, or its own name at the root. */
  nameOf(id: string): string {
    const names = this.pathOf(id).map((step) => this.get(step)?.name ?? step)
    return names.length > 1 ? names.slice(1).join(' / ') : (names[0] ?? id)
  }

  /** True when a grant stands at the organisation itself. */
  isRootGrant(grant: RoleGrant): boolean {
    return this.root !== null && grant.nodeId === this.root.id
  }
}
