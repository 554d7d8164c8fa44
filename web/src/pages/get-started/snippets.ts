import type { Provider } from '../../../../src/api/contract/contract.ts'

/**
 * First calls by SDK, as data: the page shows them and a test runs them. Each is a whole program that ends by printing
 * the answer.
 */
export interface SnippetWords {
  /** The gateway, without a path: "http://127.0.0.1:8400". */
  readonly gatewayUrl: string
  readonly key: string
  /** Name of the provider as configured; it is the path under the gateway. */
  readonly provider: string
  readonly streamed: boolean
  /** Whether attribution headers are sent along. */
  readonly attributed: boolean
}
export type SnippetId = 'openai-python' | 'openai-node' | 'anthropic-python' | 'anthropic-node' | 'genai-python' | 'genai-node' | 'curl' | 'langchain' | 'vercel-ai' | 'litellm' | 'http'
export interface Snippet {
  readonly id: SnippetId
  readonly label: string
  readonly language: 'python' | 'node' | 'shell'
  readonly dialect: Provider['dialect']
  /** Installs the SDK; null where nothing is needed. */
  readonly install: string | null
  /** False where the program looks the same streamed or not. */
  readonly streams: boolean
  readonly code: (words: SnippetWords) => string
}

/** Shown where a key's secret is not known: it exists only in the answer that created it. */
export const keyPlaceholder = 'tg_YOUR_KEY'
/** What the examples say of themselves. */
const attribution: readonly (readonly [string, string])[] = [['x-tollgate-workflow', 'first-call'], ['x-tollgate-user', 'ada'], ['x-tollgate-tags', 'env=dev']]
const question = 'Say hello in one short sentence.'

const lines = (...parts: readonly (string | false)[]): string => parts.filter((part) => part !== false).join('\n')
const pythonHeaders = attribution.map(([name, value]) => `"${name}": "${value}"`).join(', ')
const nodeHeaders = attribution.map(([name, value]) => `'${name}': '${value}'`).join(', ')

/** `/v1` routes by model to the provider named openai; any other OpenAI-compatible one has a path of its own. */
const openAiUrl = ({ gatewayUrl, provider }: SnippetWords): string => (provider === 'openai' ? `${gatewayUrl}/v1` : `${gatewayUrl}/${provider}/v1`)

const openAiPython = (words: SnippetWords): string => lines(
  'from openai import OpenAI', '',
  'client = OpenAI(', `    base_url="${openAiUrl(words)}",`, `    api_key="${words.key}",`,
  words.attributed && `    default_headers={${pythonHeaders}},`, ')',
  `${words.streamed ? 'stream' : 'answer'} = client.chat.completions.create(`, '    model="gpt-4o-mini",', '    max_tokens=64,',
  `    messages=[{"role": "user", "content": "${question}"}],`,
  words.streamed && '    stream=True,', words.streamed && '    stream_options={"include_usage": True},', ')',
  ...(words.streamed
    ? ['for chunk in stream:', '    if chunk.choices:', '        print(chunk.choices[0].delta.content or "", end="")']
    : ['print(answer.choices[0].message.content)']),
)

const openAiNode = (words: SnippetWords): string => lines(
  "import OpenAI from 'openai'", '',
  'const client = new OpenAI({', `  baseURL: '${openAiUrl(words)}',`, `  apiKey: '${words.key}',`,
  words.attributed && `  defaultHeaders: { ${nodeHeaders} },`, '})',
  `const ${words.streamed ? 'stream' : 'answer'} = await client.chat.completions.create({`, "  model: 'gpt-4o-mini',", '  max_tokens: 64,',
  `  messages: [{ role: 'user', content: '${question}' }],`,
  words.streamed && '  stream: true,', words.streamed && '  stream_options: { include_usage: true },', '})',
  ...(words.streamed ? ["for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '')"] : ['console.log(answer.choices[0].message.content)']),
)

const anthropicPython = (words: SnippetWords): string => lines(
  'from anthropic import Anthropic', '',
  'client = Anthropic(', `    base_url="${words.gatewayUrl}/${words.provider}",`, `    api_key="${words.key}",`,
  words.attributed && `    default_headers={${pythonHeaders}},`, ')',
  words.streamed ? 'with client.messages.stream(' : 'answer = client.messages.create(',
  '    model="claude-haiku-4-5",', '    max_tokens=64,', `    messages=[{"role": "user", "content": "${question}"}],`,
  ...(words.streamed ? [') as stream:', '    for text in stream.text_stream:', '        print(text, end="")'] : [')', 'print(answer.content[0].text)']),
)

const anthropicNode = (words: SnippetWords): string => lines(
  "import Anthropic from '@anthropic-ai/sdk'", '',
  'const client = new Anthropic({', `  baseURL: '${words.gatewayUrl}/${words.provider}',`, `  apiKey: '${words.key}',`,
  words.attributed && `  defaultHeaders: { ${nodeHeaders} },`, '})',
  words.streamed ? 'const stream = client.messages.stream({' : 'const answer = await client.messages.create({',
  "  model: 'claude-haiku-4-5',", '  max_tokens: 64,', `  messages: [{ role: 'user', content: '${question}' }],`, '})',
  ...(words.streamed ? ["stream.on('text', (text) => process.stdout.write(text))", 'await stream.finalMessage()'] : ["console.log(answer.content.map((block) => block.text ?? '').join(''))"]),
)

const genaiPython = (words: SnippetWords): string => lines(
  'from google import genai', 'from google.genai import types', '',
  'client = genai.Client(', `    api_key="${words.key}",`, '    http_options=types.HttpOptions(', `        base_url="${words.gatewayUrl}/${words.provider}",`,
  words.attributed && `        headers={${pythonHeaders}},`, '    ),', ')',
  ...(words.streamed
    ? ['for chunk in client.models.generate_content_stream(', '    model="gemini-2.5-flash",', `    contents="${question}",`, '    config=types.GenerateContentConfig(max_output_tokens=64),', '):', '    print(chunk.text or "", end="")']
    : ['answer = client.models.generate_content(', '    model="gemini-2.5-flash",', `    contents="${question}",`, '    config=types.GenerateContentConfig(max_output_tokens=64),', ')', 'print(answer.text)']),
)

const genaiNode = (words: SnippetWords): string => lines(
  "import { GoogleGenAI } from '@google/genai'", '',
  'const client = new GoogleGenAI({', `  apiKey: '${words.key}',`,
  words.attributed
    ? `  httpOptions: {\n    baseUrl: '${words.gatewayUrl}/${words.provider}',\n    headers: { ${nodeHeaders} },\n  },`
    : `  httpOptions: { baseUrl: '${words.gatewayUrl}/${words.provider}' },`, '})',
  `const ${words.streamed ? 'stream' : 'answer'} = await client.models.generateContent${words.streamed ? 'Stream' : ''}({`, "  model: 'gemini-2.5-flash',",
  `  contents: '${question}',`, '  config: { maxOutputTokens: 64 },', '})',
  ...(words.streamed ? ["for await (const chunk of stream) process.stdout.write(chunk.text ?? '')"] : ['console.log(answer.text)']),
)

const curl = (words: SnippetWords): string => [
  `curl ${words.streamed ? '-N ' : ''}${openAiUrl(words)}/chat/completions`, `-H "Authorization: Bearer ${words.key}"`, '-H "Content-Type: application/json"',
  ...(words.attributed ? attribution.map(([name, value]) => `-H "${name}: ${value}"`) : []),
  `-d '{"model": "gpt-4o-mini", "max_tokens": 64,${words.streamed ? '\n       "stream": true, "stream_options": {"include_usage": true},' : ''}\n       "messages": [{"role": "user", "content": "${question}"}]}'`,
].join(' \\\n  ')

const langchain = (words: SnippetWords): string => lines(
  'from langchain_openai import ChatOpenAI', '',
  'model = ChatOpenAI(', '    model="gpt-4o-mini",', `    base_url="${openAiUrl(words)}",`, `    api_key="${words.key}",`, '    max_tokens=64,',
  words.attributed && `    default_headers={${pythonHeaders}},`, words.streamed && '    stream_usage=True,', ')',
  ...(words.streamed ? [`for chunk in model.stream("${question}"):`, '    print(chunk.content, end="")'] : [`print(model.invoke("${question}").content)`]),
)

const vercelAi = (words: SnippetWords): string => lines(
  "import { createOpenAI } from '@ai-sdk/openai'", `import { ${words.streamed ? 'streamText' : 'generateText'} } from 'ai'`, '',
  'const tollgate = createOpenAI({', `  baseURL: '${openAiUrl(words)}',`, `  apiKey: '${words.key}',`,
  words.attributed && `  headers: { ${nodeHeaders} },`, '})',
  `const answer = ${words.streamed ? 'streamText' : 'await generateText'}({`, "  model: tollgate.chat('gpt-4o-mini'),", '  maxOutputTokens: 64,', `  prompt: '${question}',`, '})',
  ...(words.streamed ? ['for await (const text of answer.textStream) process.stdout.write(text)'] : ['console.log(answer.text)']),
)

const litellm = (words: SnippetWords): string => lines(
  'from litellm import completion', '',
  `${words.streamed ? 'stream' : 'answer'} = completion(`, '    model="openai/gpt-4o-mini",', `    api_base="${openAiUrl(words)}",`, `    api_key="${words.key}",`, '    max_tokens=64,',
  `    messages=[{"role": "user", "content": "${question}"}],`,
  words.attributed && `    extra_headers={${pythonHeaders}},`, words.streamed && '    stream=True,', words.streamed && '    stream_options={"include_usage": True},', ')',
  ...(words.streamed ? ['for chunk in stream:', '    if chunk.choices:', '        print(chunk.choices[0].delta.content or "", end="")'] : ['print(answer.choices[0].message.content)']),
)

const http = (words: SnippetWords): string => [
  `curl ${words.gatewayUrl}/${words.provider}/path/of/the/api`, `-H "Authorization: Bearer ${words.key}"`,
  ...(words.attributed ? attribution.map(([name, value]) => `-H "${name}: ${value}"`) : []),
].join(' \\\n  ')

export const snippets: readonly Snippet[] = [
  { id: 'openai-python', label: 'OpenAI Python', language: 'python', dialect: 'openai', install: 'pip install openai', streams: true, code: openAiPython },
  { id: 'openai-node', label: 'OpenAI Node', language: 'node', dialect: 'openai', install: 'npm install openai', streams: true, code: openAiNode },
  { id: 'anthropic-python', label: 'Anthropic Python', language: 'python', dialect: 'anthropic', install: 'pip install anthropic', streams: true, code: anthropicPython },
  { id: 'anthropic-node', label: 'Anthropic Node', language: 'node', dialect: 'anthropic', install: 'npm install @anthropic-ai/sdk', streams: true, code: anthropicNode },
  { id: 'genai-python', label: 'Google GenAI Python', language: 'python', dialect: 'gemini', install: 'pip install google-genai', streams: true, code: genaiPython },
  { id: 'genai-node', label: 'Google GenAI Node', language: 'node', dialect: 'gemini', install: 'npm install @google/genai', streams: true, code: genaiNode },
  { id: 'curl', label: 'curl', language: 'shell', dialect: 'openai', install: null, streams: true, code: curl },
  { id: 'langchain', label: 'LangChain', language: 'python', dialect: 'openai', install: 'pip install langchain-openai', streams: true, code: langchain },
  { id: 'vercel-ai', label: 'Vercel AI SDK', language: 'node', dialect: 'openai', install: 'npm install ai @ai-sdk/openai', streams: true, code: vercelAi },
  { id: 'litellm', label: 'LiteLLM', language: 'python', dialect: 'openai', install: 'pip install litellm', streams: true, code: litellm },
  { id: 'http', label: 'Any HTTP API', language: 'shell', dialect: 'http', install: null, streams: false, code: http },
]

/** The provider a snippet talks to: the one of its dialect's own name, else the first of that dialect; null = none is configured. */
export function providerFor(snippet: Snippet, providers: readonly Pick<Provider, 'name' | 'dialect' | 'enabled'>[]): string | null {
  const able = providers.filter((provider) => provider.dialect === snippet.dialect && provider.enabled)
  return (able.find((provider) => provider.name === snippet.dialect) ?? able[0])?.name ?? null
}

/** What stands in the example's path when nothing of the dialect is configured yet. */
export const exampleProvider: Readonly<Record<Provider['dialect'], string>> = { openai: 'openai', anthropic: 'anthropic', gemini: 'gemini', http: 'your-api' }
