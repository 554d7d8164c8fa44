import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Installation } from '../support/installation.ts'
import { sendCall } from '../support/load.ts'

/* What a provider says about a call goes into the journal. However much it says, the journal must stay readable. */
let upstream: Server
let installation: Installation
/** Quotes and backslashes double every time they are written as JSON: as large as is read of an answer, too large for a journal frame. */
const usage = `{"prompt_tokens":12,"completion_tokens":5,"total_tokens":17,"junk":"${'\\"'.repeat(2_096_900)}"}`
const longKey = `{"prompt_tokens":12,"completion_tokens":5,"total_tokens":17,"${'k'.repeat(3_900_000)}":1}`
const answers = [
  `{"id":"1","object":"chat.completion","model":"gpt-4o-mini","choices":[],"usage":${usage}}`,
  `{"id":"2","object":"chat.completion","model":"${'m'.repeat(3_000_000)}","choices":[],"usage":{"prompt_tokens":12,"completion_tokens":5,"total_tokens":17}}`,
  `{"id":"3","object":"chat.completion","model":"gpt-4o-mini","choices":[],"usage":${longKey}}`,
]

beforeAll(async () => {
  let next = 0
  upstream = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end(answers[next++ % answers.length]))
  })
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  installation = await Installation.start({ providerUrl: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}` })
})
afterAll(async () => {
  await installation?.stop()
  upstream?.close()
})

test('an enormous usage object, model name or key is cut short, counted, and in nobody\'s way', async () => {
  const [gateway] = installation.gateways
  const sent = []
  for (let i = 0; i < 6; i += 1) sent.push(await sendCall(gateway!, { key: installation.key }))
  expect(sent.map((each) => each.status)).toEqual([200, 200, 200, 200, 200, 200])
  await gateway!.kill()
  await gateway!.start()
  await installation.untilServing(gateway!)
  await installation.untilDrained()
  const records = await installation.records()
  expect(records.map((each) => each.eventId).toSorted()).toEqual(sent.map((each) => each.eventId).toSorted())
  expect(records.map((each) => [each.usage.input_text, each.usage.output_text, each.quality])).toEqual(sent.map(() => [12, 5, 'final']))
  expect(records.filter((each) => each.notices.includes('raw_usage_dropped')).length).toBe(4)
  expect((await installation.reconcile()).filter((finding) => !finding.ok)).toEqual([])
})
