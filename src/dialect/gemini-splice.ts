import type { RequestFacts, RequestSplice } from './dialect.ts'
import { appendTo, applyEdits, isNull, setMember, type Edit } from './json-edit.ts'
import { findMember, nameOf, scanObject } from './json-members.ts'

/**
 * The caller's own bytes with the output cap set where policy asks for one; the same Buffer otherwise. `body` must be one
 * that `readGeminiRequest` accepted. Usage comes unasked and the model stands in the path, so nothing else is changed.
 */
export function spliceGeminiRequest(body: Buffer, facts: RequestFacts, splice: RequestSplice): Buffer {
  if (splice.outputCap === null || facts.endpoint.name !== 'generateContent') return body
  const scan = scanObject(body)
  if (scan.state !== 'whole') return body
  const value = String(splice.outputCap)
  const edits: Edit[] = []
  const added: string[] = []
  const config = findMember(body, scan, 'generationConfig') ?? findMember(body, scan, 'generation_config')
  if (config === null || isNull(body, config)) setMember(body, scan, config === null ? 'generationConfig' : (nameOf(body, config) ?? ''), `{"maxOutputTokens":${value}}`, edits, added)
  else {
    const inner = scanObject(body, config.valueStart)
    const innerAdded: string[] = []
    setMember(body, inner, findMember(body, inner, 'max_output_tokens') === null ? 'maxOutputTokens' : 'max_output_tokens', value, edits, innerAdded)
    if (innerAdded.length > 0) edits.push(appendTo(inner, innerAdded))
  }
  if (added.length > 0) edits.push(appendTo(scan, added))
  return edits.length === 0 ? body : applyEdits(body, edits)
}
