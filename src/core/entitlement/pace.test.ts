import { describe, expect, it } from 'vitest'
import { paceOf } from './pace.ts'

const dayMs = 86_400_000
const window = { startMs: 0, endMs: 30 * dayMs, limit: 300n, committed: 200n }

describe('pace of a window', () => {
  it('lands where the mean so far leads, and names the instant at which the limit is reached', () => {
    const pace = paceOf(window, 0n, 10 * dayMs)
    expect(pace.averagePerDay).toBe(20n)
    expect(pace.atAverage).toEqual({ landing: 600n, exhaustedAtMs: 15 * dayMs })
    expect(pace.atLastDay).toEqual({ landing: 200n, exhaustedAtMs: null })
  })

  it('says what the last day alone would do', () => {
    expect(paceOf({ ...window, committed: 100n }, 50n, 20 * dayMs).atLastDay).toEqual({ landing: 600n, exhaustedAtMs: 24 * dayMs })
  })

  it('has no mean in the first twentieth of a window', () => {
    expect(paceOf({ ...window, committed: 5n }, 5n, dayMs)).toMatchObject({ averagePerDay: null, atAverage: null })
    expect(paceOf({ ...window, committed: 6n }, 5n, 1.5 * dayMs).averagePerDay).toBe(4n)
  })

  it('does not reach again what is passed already, nor what nothing moves towards', () => {
    expect(paceOf({ ...window, committed: 301n }, 10n, 10 * dayMs).atAverage?.exhaustedAtMs).toBeNull()
    expect(paceOf({ ...window, limit: 0n, committed: 0n }, 0n, 10 * dayMs)).toMatchObject({ atAverage: { landing: 0n, exhaustedAtMs: null }, atLastDay: { exhaustedAtMs: null } })
    expect(paceOf({ ...window, committed: -10n }, -5n, 10 * dayMs).atLastDay.exhaustedAtMs).toBeNull()
  })

  it('a limit that is met only at the end of the window is not exhausted in it', () => {
    expect(paceOf({ ...window, committed: 100n }, 0n, 10 * dayMs).atAverage).toEqual({ landing: 300n, exhaustedAtMs: null })
  })
})
