import { describe, expect, test } from 'vitest'
import { helpOf, readArguments, UsageError, type CommandSpec } from './command-line.ts'
import { endOf, rangeOf } from './calendar.ts'
import { reportSpec } from './specs.ts'

const spec: CommandSpec = { name: 'x', says: 'does it', operands: ['WHAT', 'MORE?'], flags: { json: { says: 'as JSON' }, by: { value: 'DIM', many: true, says: 'how' } }, exits: { 3: 'differs' } }
const hour = 3_600_000

describe('arguments', () => {
  test('are read, repeated values and commas alike', () => {
    const given = readArguments(spec, ['one', '--by', 'a,b', '--by=c', '--json'])
    expect([given.operands, given.texts('by'), given.is('json'), given.is('help'), given.text('by')]).toEqual([['one'], ['a', 'b', 'c'], true, false, undefined])
  })
  test.each([
    [['one', '--jason'], /no --jason; did you mean --json\?/], [['one', '--by'], /--by needs a value: --by DIM/], [['one', '--by', '--json'], /--by needs a value/],
    [['one', '--json=yes'], /--json takes no value/], [['one', 'two', 'three'], /"three" is one word too many/], [[], /needs WHAT/], [['one', '-q'], /no -q/],
  ])('%j is refused with what is wrong', (args, sentence) => {
    expect(() => readArguments(spec, args)).toThrow(UsageError)
    expect(() => readArguments(spec, args)).toThrow(sentence)
  })
  test('help asks for nothing else, and names every flag and exit code', () => {
    expect(readArguments(spec, ['--help']).is('help')).toBe(true)
    expect(helpOf(spec)).toContain('tollgate x WHAT [MORE] [flags]')
    expect(helpOf(spec)).toMatch(/--by DIM +how; may be repeated[\s\S]*3 differs/)
  })
})

describe('ranges', () => {
  const now = Date.UTC(2026, 10, 23, 12)
  const read = (...args: string[]) => rangeOf(readArguments(reportSpec, args), now)
  test('are the month so far, a month, or whole days in the zone', () => {
    expect(read('--zone', 'UTC')).toEqual({ fromMs: Date.UTC(2026, 10, 1), toMs: now, zone: 'UTC' })
    expect(read('--month', '2026-10', '--zone', 'Europe/Berlin')).toEqual({ fromMs: Date.UTC(2026, 8, 30, 22), toMs: Date.UTC(2026, 9, 31, 23), zone: 'Europe/Berlin' })
    expect(read('--from', '2026-10-25', '--to', '2026-10-25', '--zone', 'Europe/Berlin')).toMatchObject({ fromMs: Date.UTC(2026, 9, 24, 22), toMs: Date.UTC(2026, 9, 24, 22) + 25 * hour })
    expect(read('--from', '2026-11-01T10:00Z', '--to', '2026-11-01T11:00Z')).toMatchObject({ fromMs: Date.UTC(2026, 10, 1, 10), toMs: Date.UTC(2026, 10, 1, 11) })
  })
  test.each([['--month', '2026-00'], ['--from', 'yesterday'], ['--zone', 'Mars'], ['--month', '2026-10', '--to', '2026-10-02']])('%s %s is refused', (...args) => {
    expect(() => read(...args)).toThrow(UsageError)
  })
  test('an end is an instant or a while from now', () => {
    expect([endOf('expires', '90d', now), endOf('expires', '12h', now), endOf('expires', '2026-12-01T00:00Z', now)]).toEqual([now + 90 * 24 * hour, now + 12 * hour, Date.UTC(2026, 11, 1)])
  })
})
