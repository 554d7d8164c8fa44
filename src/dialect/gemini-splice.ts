import type { RequestFacts, RequestSplice } from './dialect.ts'
import { findMember, scanObject, textOf, type JsonMember, type JsonObjectScan } from './json-members.ts'

/**
 * The caller's own bytes with the output cap set where policy asks for one; the same Buffer otherwise. `body` must be one
 * that `readGeminiRequest` accepted. Usage comes unasked and the model stands in the path, so nothing else is changed.
 */
export function spliceGeminiRequest(body: Buffer, facts: RequestFacts, splice: RequestSplice): Buffer {
  if (splice.outputCap === null || facts.endpoint.name !== 'generateContent') return body
  const scan = scanObject(body)
  if (scan.state !== 'whole') return body
  const value = String(splice.outputCap)
  const config = findMember(body, scan, 'generationConfig') ?? findMember(body, scan, 'generation_config')
  if (config === null) return appendTo(body, scan, `"generationConfig":{"maxOutputTokens":${value}}`)
  if (textOf(body, config) === 'null') return replaceValue(body, config, `{"maxOutputTokens":${value}}`)
  const inner = scanObject(body, config.valueStart)
  const cap = findMember(body, inner, 'maxOutputTokens') ?? findMember(body, inner, 'max_output_tokens')
  return cap === null ? appendTo(body, inner, `"maxOutputTokens":${value}`) : replaceValue(body, cap, value)
}

const replaceValue = (body: Buffer, { valueStart, valueEnd }: JsonMember, text: string): Buffer =>
  Buffer.concat([body.subarray(0, valueStart), Buffer.from(text), body.subarray(valueEnd)])

function appendTo(body: Buffer, scan: JsonObjectScan, member: string): Buffer {
  const last = scan.members.at(-1)
  const at = last === undefined ? scan.start + 1 : last.valueEnd
  return Buffer.concat([body.subarray(0, at), Buffer.from(`${last === undefined ? '' : ','}${member}`), body.subarray(at)])
}
