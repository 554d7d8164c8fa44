import { errorAnswer, type SimAnswer } from './sim-answer.ts'
import { bareModel, type SimFaults } from './sim-faults.ts'
import { numberOr, textIn, type JsonObject } from './sim-generation.ts'
import { diceFor, tokensInBytes } from './sim-text.ts'

export function answerEmbeddings(seed: string, request: JsonObject, faults: SimFaults): SimAnswer {
  const input = request['input']
  if (input === undefined || input === null || input === '') return errorAnswer(400, "Missing required parameter: 'input'.", 'invalid_request_error', 'missing_required_parameter', 'input')
  const inputs: readonly unknown[] = Array.isArray(input) && typeof input[0] !== 'number' ? input : [input]
  const model = bareModel(String(request['model']))
  const dimensions = numberOr(request['dimensions'], model.endsWith('-large') ? 3_072 : 1_536)
  const inputTokens = inputs.reduce((sum: number, item) => sum + (Array.isArray(item) ? item.length : tokensInBytes(Buffer.byteLength(textIn(item)))), 0)
  const usage = { prompt_tokens: inputTokens, total_tokens: inputTokens }
  const data = inputs.map((item, index) => ({ object: 'embedding', index, embedding: vectorOf(`${seed}\n${JSON.stringify(item)}`, dimensions, request['encoding_format'] === 'base64') }))
  const reported = faults.has('no-usage') ? null : usage
  return {
    status: 200, body: { object: 'list', data, model, ...(reported === null ? {} : { usage: reported }) }, frames: null, repeatable: 0,
    counted: { inputTokens, cachedTokens: 0, cacheWriteTokens: 0, outputTokens: 0, reasoningTokens: 0 }, reported, model,
  }
}

/** A unit vector that depends only on the text: floats, or their little-endian bytes in base64. */
export function vectorOf(seed: string, dimensions: number, base64: boolean): number[] | string {
  const dice = diceFor(seed)
  const values = Float32Array.from({ length: dimensions }, () => dice() * 2 - 1)
  const norm = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
  const unit = values.map((value) => value / norm)
  return base64 ? Buffer.from(unit.buffer, unit.byteOffset, unit.byteLength).toString('base64') : [...unit]
}
