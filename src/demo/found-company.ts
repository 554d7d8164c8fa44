import { createHash, randomUUID } from 'node:crypto'
import { secret } from '../base/ids.ts'
import type { PriceData } from '../core/pricing/price-entry.ts'
import type { Actor, ControlStore } from '../store/ports.ts'
import { companyName } from './company.ts'
import type { DemoFile } from './demo-file.ts'
import { planOrganisation } from './organisation.ts'
import { contractEntries, storyFrom } from './story.ts'

/** Who did what nobody did: the demo's own entries in the audit trail. */
export const demoActor: Actor = { id: 'demo', name: 'Demo' }

/** A company nobody has founded yet. */
export function newDemoFile(seed: number, nowMs: number): DemoFile {
  const secrets = Object.fromEntries(planOrganisation('').keys.map((key) => [key.id, secret('tg_')]))
  return { format: 1, seed, anchorMs: nowMs, journalId: randomUUID(), spans: [], budgetsMade: false, liveUntilMs: 0, secrets }
}

/** Writes tree, keys and the negotiated price into an installation; what is there already stays, so it may be repeated after a crash. */
export async function foundCompany(control: ControlStore, orgId: string, file: DemoFile, list: PriceData): Promise<void> {
  const { nodes, keys } = planOrganisation(orgId)
  const story = storyFrom(file.seed, file.anchorMs)
  const there = new Set((await control.listNodes(orgId)).map((node) => node.id))
  await control.updateNode(orgId, orgId, { name: companyName }, demoActor)
  for (const node of nodes) if (!there.has(node.id)) await control.createNode({ ...node, orgId, archived: false }, demoActor)
  const known = new Set((await control.listKeys(orgId)).map((key) => key.id))
  await Promise.all(keys.filter((key) => !known.has(key.id)).map((key) => {
    const text = file.secrets[key.id]!
    const sha256 = createHash('sha256').update(text).digest('hex')
    return control.createKey({ ...key, orgId, sha256, hint: text.slice(-4), createdAt: story.beginMs, expiresAt: null, revokedAt: null }, demoActor)
  }))
  const priced = new Set((await control.listEntries({ orgId })).map((entry) => entry.id))
  for (const entry of contractEntries(story, orgId, list)) if (!priced.has(entry.id)) await control.putOverride(entry, demoActor)
}
