import { vectorOf } from './embeddings-sim.ts'
import { mediaTokensOf, promptTextOf } from './gemini-prompt-sim.ts'
import type { SimAnswer } from './sim-answer.ts'
import { bareModel } from './sim-faults.ts'
import type { SimAsk } from './sim-format.ts'
import { isObject, numberOr, type JsonObject } from './sim-generation.ts'
import { tokensInBytes } from './sim-text.ts'

/** One text, or several at once. Only the newer model says how many tokens it read, as Google's do. */
export function answerGeminiEmbeddings({ seed, request, model, faults }: SimAsk, isBatch: boolean): SimAnswer {
  const requests: readonly JsonObject[] = isBatch ? (Array.isArray(request['requests']) ? request['requests'].filter(isObject) : []) : [request]
  let text = 0
  const media = { IMAGE: 0, AUDIO: 0 }
  for (const each of requests) {
    text += tokensInBytes(Buffer.byteLength(promptTextOf(each)))
    const counts = mediaTokensOf(each)
    media.IMAGE += counts.IMAGE
    media.AUDIO += counts.AUDIO
  }
  const inputTokens = text + media.IMAGE + media.AUDIO
  const embeddings = requests.map((each) => ({ values: vectorOf(`${seed}\n${JSON.stringify(each['content'])}`, numberOr(each['outputDimensionality'], 768), false) }))
  const details = Object.entries({ TEXT: text, ...media }).filter(([, tokenCount]) => tokenCount > 0).map(([modality, tokenCount]) => ({ modality, tokenCount }))
  const reported = faults.has('no-usage') || bareModel(model) === 'gemini-embedding-001' ? null : { promptTokenCount: inputTokens, promptTokensDetails: details }
  return {
    status: 200, body: { ...(isBatch ? { embeddings } : { embedding: embeddings[0] }), ...(reported === null ? {} : { usageMetadata: reported }) }, frames: null, repeatable: 0,
    counted: { inputTokens, cachedTokens: 0, cacheWriteTokens: 0, outputTokens: 0, reasoningTokens: 0 }, reported, model: bareModel(model),
  }
}
