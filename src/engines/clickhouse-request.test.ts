import { describe, expect, it } from 'vitest'
import { answerFormatOf, laneHeader, type OperationBounds, readClickHouseRequest, type RequestHead } from './clickhouse-request.ts'

const bounds: OperationBounds = { executionMsDefault: 20_000, executionMsMax: 60_000, memoryBytesMax: 1_000, resultBytesMax: 500 }
const read = (fields: Record<string, string>, body = '', more: Partial<RequestHead> = {}) =>
  readClickHouseRequest({ method: 'POST', url: `/?${new URLSearchParams(fields)}`, headers: {}, ...more }, Buffer.from(body), 'id', bounds)

describe('a ClickHouse request', () => {
  it('goes to the lane it names, else inserts before reads', () => {
    const named = (lane: string) => read({}, 'SELECT 1', { headers: { [laneHeader]: lane } }).lane
    expect(['receive', 'reads', 'jobs', 'express'].map(named)).toEqual(['receive', 'reads', 'jobs', 'reads'])
    expect(read({ query: 'INSERT INTO t FORMAT CSV' }, '1').lane).toBe('receive')
    expect(read({}, '-- why\n /* what */ insert into t select 1').lane).toBe('receive')
    expect(read({}, "SELECT 'insert into'").lane).toBe('reads')
  })

  it('splits rows from their statement only where the format is known and raw', () => {
    expect(read({ query: 'INSERT INTO t (a)\nFORMAT JSONEachRow ;' }, '{"a":1}').operation).toMatchObject({ sql: 'INSERT INTO t (a)\nFORMAT JSONEachRow ;', payload: Buffer.from('{"a":1}') })
    expect(read({ query: 'INSERT INTO t VALUES' }, '(1)').operation).toMatchObject({ sql: 'INSERT INTO t VALUES\n(1)', payload: null })
    expect(read({ query: 'INSERT INTO t SELECT format FROM s' }, 'WHERE 1').operation.payload).toBeNull()
    expect(read({ query: 'INSERT INTO t FORMAT CSV' }).operation.payload).toHaveLength(0)
    expect(read({ query: 'INSERT INTO t SELECT 1 FORMAT CSV' }).operation.payload).toBeNull()
    expect(() => read({ query: 'INSERT INTO t FORMAT Native' }, 'x')).toThrow('UNKNOWN_FORMAT')
    expect(() => read({}, ' \n')).toThrow('SYNTAX_ERROR')
  })

  it('keeps settings, parameters and transport apart', () => {
    const { operation, compressAnswer } = read(
      { query_id: 'q', database: 'd', session_id: 's', enable_http_compression: '1', async_insert: '1', param_a: "it\\'s", max_memory_usage: '999999' },
      'SELECT 1 FORMAT JSON', { headers: { 'accept-encoding': 'gzip' } })
    expect([...operation.settings]).toEqual([['async_insert', '1'], ['max_memory_usage', '1000'], ['max_execution_time', '20'], ['max_result_bytes', '500']])
    expect([...operation.params]).toEqual([['a', "it\\'s"]])
    expect(operation.database).toBe('d')
    expect(compressAnswer).toBe(true)
    expect(answerFormatOf(operation)).toBe('JSON')
    expect(answerFormatOf(read({ default_format: 'CSV' }, 'SELECT 1').operation)).toBe('CSV')
  })

  it('takes no lifted bounds, and only reads by GET', () => {
    const asked = (value: string) => read({ max_execution_time: value }, 'SELECT 1').operation.settings.get('max_execution_time')
    expect(['0', '-1', 'x', '', '0.5', '59', '61', 'Infinity', '1e9'].map(asked)).toEqual(['20', '20', '20', '20', '0.5', '59', '60', '60', '60'])
    expect([...read({ query: 'SELECT 1' }, '', { method: 'GET' }).operation.settings].at(-1)).toEqual(['readonly', '2'])
  })

  it('reads parameters from a form as they are', () => {
    const body = '--b-1\r\nContent-Disposition: form-data; name="query"\r\n\r\nSELECT {p:String}\r\n--b-1\r\nContent-Disposition: form-data; name="param_p"\r\n\r\nline\r\n\r\n--b\r\n--b-1--\r\n'
    const { operation } = read({}, body, { headers: { 'content-type': 'multipart/form-data; boundary=b-1' } })
    expect(operation.sql).toBe('SELECT {p:String}')
    expect(operation.params.get('p')).toBe('line\r\n\r\n--b')
    expect(() => read({}, '--b-1\r\nbroken\r\n--b-1--', { headers: { 'content-type': 'multipart/form-data; boundary=b-1' } })).toThrow('INCORRECT_DATA')
  })
})
