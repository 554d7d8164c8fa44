import { expect, test } from 'vitest'
import { readPath } from './request-path.ts'

test.each([
  ['/gemini/v1beta/models', '', ''],
  ['/gemini/v1beta/models?key=tg_abc', '', 'tg_abc'],
  ['/gemini/v1beta/models?key=tg_abc&alt=sse', '?alt=sse', 'tg_abc'],
  ['/gemini/v1beta/models?alt=sse&key=tg_abc&x=%20y', '?alt=sse&x=%20y', 'tg_abc'],
  ['/gemini/v1beta/models?k%65y=tg%5Fabc', '', 'tg_abc'],
  ['/gemini/v1beta/models?key=tg_abc&key=tg_def', '', 'tg_def'],
  ['/weather/v1?key=another&q=tg_', '?key=another&q=tg_', ''],
  ['/weather/v1?', '?', ''],
  ['/weather/v1?a=%zz&&b', '?a=%zz&&b', ''],
])('%s: the query that goes on, and the key taken out', (target, query, key) => {
  expect(readPath(target)).toMatchObject({ query, key })
})
