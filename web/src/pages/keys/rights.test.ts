import { describe, expect, it } from 'vitest'
import { childKinds, mayAssign, mayBuildAt, mayChangeNode } from './rights.ts'

const admin = [{ role: 'admin', nodeId: 'acme' }] as const
const owner = [{ role: 'team_owner', nodeId: 'search' }] as const
const viewer = [{ role: 'viewer', nodeId: 'acme' }, { role: 'finance', nodeId: 'acme' }] as const
const team = { kind: 'team', path: ['acme', 'retail', 'search'], archived: false } as const
const app = { kind: 'app', path: [...team.path, 'rerank'], archived: false } as const
const elsewhere = { kind: 'app', path: ['acme', 'ops', 'cron'], archived: false } as const
const unit = { kind: 'unit', path: ['acme', 'retail'], archived: false } as const

describe('what is offered to whom', () => {
  it('an admin builds everything below the own node', () => {
    expect([childKinds([...admin], unit), childKinds([...admin], team), childKinds([...admin], app)]).toEqual([['unit', 'team'], ['app'], []])
    expect([mayChangeNode([...admin], unit), mayAssign([...admin], app), mayBuildAt([...admin], app.path)]).toEqual([true, true, true])
    expect(childKinds([...admin], { ...team, archived: true })).toEqual([])
  })

  it('a team owner builds apps and keys below the own team, and moves or assigns nothing', () => {
    expect([childKinds([...owner], team), childKinds([...owner], unit)]).toEqual([['app'], []])
    expect([mayChangeNode([...owner], app), mayChangeNode([...owner], team), mayAssign([...owner], app)]).toEqual([true, false, false])
    expect([mayBuildAt([...owner], app.path), mayBuildAt([...owner], elsewhere.path)]).toEqual([true, false])
  })

  it('viewers and finance read', () => {
    for (const node of [unit, team, app]) expect([childKinds([...viewer], node), mayChangeNode([...viewer], node), mayAssign([...viewer], node)]).toEqual([[], false, false])
  })
})
