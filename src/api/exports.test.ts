import { describe, expect, it } from 'vitest'
import { escapeFormula, toCsv, toJson } from './exports.ts'

describe('exports', () => {
  it('escapes what a spreadsheet would run, and leaves our decimals alone', () => {
    for (const text of ['=1+1', '+cmd', '-cmd', '@SUM(1)', '\tx', '\rx']) expect(escapeFormula(text)).toBe(`'${text}`)
    for (const text of ['-0.0036', '12', 'plain', '', 'a=b']) expect(escapeFormula(text)).toBe(text)
  })
  it('quotes and keeps null apart from zero', () => {
    const sheet = { name: 'x', columns: ['a', 'b'], rows: [['say "hi", all', 0], ['=x', null]], generatedAtMs: 0 }
    expect(toCsv(sheet)).toBe('a,b\r\n"say ""hi"", all",0\r\n\'=x,\r\n')
    expect(JSON.parse(toJson(sheet))).toEqual({ generatedAt: '1970-01-01T00:00:00.000Z', rows: [{ a: 'say "hi", all', b: 0 }, { a: "'=x", b: null }], totals: null })
  })
})
