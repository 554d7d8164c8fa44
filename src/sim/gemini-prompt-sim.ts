import { isObject, textIn, type JsonObject } from './sim-generation.ts'

/** Tokens of one image up to 384 pixels wide and high, and of ten seconds of sound (Gemini API, "Understand and count tokens"). */
const imageTokens = 258
const soundTokens = 320

/** Everything of a request that is read as text. */
export const promptTextOf = (request: JsonObject): string =>
  textIn(request['systemInstruction']) + textIn(request['tools']) + partsOf(request).filter((part) => part['inlineData'] === undefined).map(textIn).join('\n')

/** Tokens of the media in a request, by Google's words for their modality. */
export function mediaTokensOf(request: JsonObject): { readonly IMAGE: number; readonly AUDIO: number } {
  const counts = { IMAGE: 0, AUDIO: 0 }
  for (const part of partsOf(request)) {
    const type = isObject(part['inlineData']) ? String(part['inlineData']['mimeType']) : ''
    if (type.startsWith('image/')) counts.IMAGE += imageTokens
    if (type.startsWith('audio/')) counts.AUDIO += soundTokens
  }
  return counts
}

function partsOf(request: JsonObject): readonly JsonObject[] {
  const contents = Array.isArray(request['contents']) ? request['contents'] : [request['content']]
  return contents.filter(isObject).flatMap((content) => (Array.isArray(content['parts']) ? content['parts'].filter(isObject) : []))
}
