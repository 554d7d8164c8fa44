import type { RequestFacts, RequestSplice } from './dialect.ts'
import { appendTo, applyEdits, isNull, setMember, type Edit } from './json-edit.ts'
import { findMember, scanObject, type JsonObjectScan } from './json-members.ts'

/**
 * The caller's own bytes with only the members changed that policy asks for; the same Buffer when there is nothing to
 * do. `body` must be one that `readOpenaiRequest` accepted.
 */
export function spliceOpenaiRequest(body: Buffer, facts: RequestFacts, splice: RequestSplice): Buffer {
  if (facts.endpoint.kind !== 'inference') return body
  const wantsUsage = splice.addStreamUsage && facts.stream && !facts.askedStreamUsage && facts.endpoint.name !== 'responses'
  const wantsCap = splice.outputCap !== null && facts.endpoint.name !== 'embeddings'
  const wantsModel = splice.model !== null
  if (!wantsUsage && !wantsCap && !wantsModel) return body
  const scan = scanObject(body)
  if (scan.state !== 'whole') return body
  const edits: Edit[] = []
  const added: string[] = []
  if (wantsModel) setMember(body, scan, 'model', JSON.stringify(splice.model), edits, added)
  if (wantsUsage) addStreamUsage(body, scan, edits, added)
  if (wantsCap) setCap(body, scan, facts, splice, edits, added)
  if (added.length > 0) edits.push(appendTo(scan, added))
  return edits.length === 0 ? body : applyEdits(body, edits)
}

function addStreamUsage(body: Buffer, scan: JsonObjectScan, edits: Edit[], added: string[]): void {
  const options = findMember(body, scan, 'stream_options')
  if (options === null || isNull(body, options)) {
    setMember(body, scan, 'stream_options', '{"include_usage":true}', edits, added)
    return
  }
  const inner = scanObject(body, options.valueStart)
  const innerAdded: string[] = []
  setMember(body, inner, 'include_usage', 'true', edits, innerAdded)
  if (innerAdded.length > 0) edits.push(appendTo(inner, innerAdded))
}

/** Every cap the caller sent is set; where there is none, one is added under the name this model's servers know. */
function setCap(body: Buffer, scan: JsonObjectScan, facts: RequestFacts, splice: RequestSplice, edits: Edit[], added: string[]): void {
  const value = String(splice.outputCap)
  const names = capNames[facts.endpoint.name] ?? []
  const sent = names.filter((name) => {
    const member = findMember(body, scan, name)
    return member !== null && !isNull(body, member)
  })
  const target = facts.endpoint.name === 'chat.completions' ? chatCapName(splice.model ?? facts.model) : names[0]!
  for (const name of sent.length > 0 ? sent : [target]) setMember(body, scan, name, value, edits, added)
}

const capNames: Readonly<Record<string, readonly string[]>> = {
  'chat.completions': ['max_completion_tokens', 'max_tokens'],
  completions: ['max_tokens'],
  responses: ['max_output_tokens'],
}

/**
 * OpenAI's own models take `max_completion_tokens` (reasoning ones refuse the older name). Other servers of the format
 * all honour `max_tokens`, while an unknown name would be ignored there and the bound be broken in silence.
 */
export function chatCapName(model: string): 'max_completion_tokens' | 'max_tokens' {
  const bare = model.slice(model.lastIndexOf('/') + 1).replace(/^ft:/, '')
  return /^(gpt-(?!oss)|chatgpt|codex|computer-use|o\d)/.test(bare) ? 'max_completion_tokens' : 'max_tokens'
}
