/**
 * One vendor or reseller has one name in the book. Other spellings in use (path segments, feeds, SDK prefixes) are
 * folded here. A reseller is its own provider and never falls through to the vendor behind it.
 */
const canonicalBySpelling: ReadonlyMap<string, string> = new Map([
  ['gemini', 'google'], ['google-ai', 'google'], ['google_ai_studio', 'google'],
  ['vertex', 'google-vertex'], ['vertex_ai', 'google-vertex'], ['vertex-ai', 'google-vertex'],
  ['aws', 'bedrock'], ['aws-bedrock', 'bedrock'], ['amazon-bedrock', 'bedrock'], ['bedrock_converse', 'bedrock'],
  ['azure-openai', 'azure'], ['azure_openai', 'azure'], ['azure_ai', 'azure'],
  ['x-ai', 'xai'], ['x.ai', 'xai'],
  ['together_ai', 'together'], ['together-ai', 'together'], ['togetherai', 'together'],
  ['fireworks_ai', 'fireworks'], ['fireworks-ai', 'fireworks'],
  ['voyageai', 'voyage'], ['mistralai', 'mistral'], ['mistral-ai', 'mistral'], ['moonshotai', 'moonshot'],
  ['cohere_chat', 'cohere'], ['zhipuai', 'zhipu'], ['perplexity-ai', 'perplexity'],
])

/** The book's name of a provider; unknown names stand as they are, lower case. */
export function canonicalProvider(provider: string): string {
  const spelling = provider.trim().toLowerCase()
  return canonicalBySpelling.get(spelling) ?? spelling
}
