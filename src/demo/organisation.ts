import { openPolicy, type KeyPolicy } from '../core/usage/key-policy.ts'
import type { CallerPath } from '../core/usage/usage-record.ts'
import { companyName, units, type AppPlan, type TeamPlan } from './company.ts'

/** A place in the company's tree; ids are made of names, so that founding it twice changes nothing. */
interface PlannedNode { readonly id: string; readonly parentId: string; readonly kind: 'unit' | 'team' | 'app'; readonly name: string; readonly costCentre: string }
interface PlannedKey { readonly id: string; readonly appId: string; readonly name: string; readonly policy: KeyPolicy }
export interface PlannedApp { readonly plan: AppPlan; readonly team: TeamPlan; readonly teamId: string; readonly appId: string; readonly keyId: string; readonly caller: CallerPath }
export interface Organisation { readonly nodes: readonly PlannedNode[]; readonly keys: readonly PlannedKey[]; readonly apps: readonly PlannedApp[] }

const slug = (name: string): string => name.toLowerCase().replaceAll(' ', '-')
export const teamIdOf = (team: string): string => `team_${slug(team)}`
export const appIdOf = (app: string): string => `app_${slug(app)}`
/** Where the first key of a new installation belongs, and its app. */
export const firstKeyTeamId = teamIdOf('Developer tools')

/** Keys of these apps may ask for these models only; somebody tries others now and then. */
const restricted: Readonly<Record<string, readonly string[]>> = {
  'Delay notices': ['gpt-5-nano*'],
  'Reply suggestions': ['gpt-4o*', 'gpt-5-mini*', 'claude-haiku*'],
}

/** Units, teams, apps and one key per app, with the path that each key's calls are recorded under. */
export function planOrganisation(orgId: string): Organisation {
  const nodes: PlannedNode[] = []
  const keys: PlannedKey[] = []
  const apps: PlannedApp[] = []
  for (const unit of units) {
    const unitId = `unit_${slug(unit.name)}`
    nodes.push({ id: unitId, parentId: orgId, kind: 'unit', name: unit.name, costCentre: '' })
    for (const team of unit.teams) {
      const teamId = teamIdOf(team.name)
      nodes.push({ id: teamId, parentId: unitId, kind: 'team', name: team.name, costCentre: team.costCentre })
      for (const plan of team.apps) {
        const appId = appIdOf(plan.name)
        const key: PlannedKey = { id: `key_${slug(plan.name)}`, appId, name: `${plan.name} production`, policy: { ...openPolicy, models: restricted[plan.name] ?? [] } }
        nodes.push({ id: appId, parentId: teamId, kind: 'app', name: plan.name, costCentre: '' })
        keys.push(key)
        apps.push({
          plan, team, teamId, appId, keyId: key.id,
          caller: {
            orgId, orgName: companyName, unitId, unitName: unit.name, teamId, teamName: team.name, appId, appName: plan.name,
            keyId: key.id, keyName: key.name, costCentre: team.costCentre, nodePath: [orgId, unitId, teamId, appId],
          },
        })
      }
    }
  }
  return { nodes, keys, apps }
}
