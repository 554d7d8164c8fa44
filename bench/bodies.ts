import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Request bodies of about half a kilobyte; the mock answers with 1 KB, or with 102 chunks, one each `pacedMs`. */
export function writeBodies(dir: string): { readonly json: string; readonly paced: string } {
  const question = 'How do budgets stay exact when many agents call at once? '.repeat(6)
  const messages = [{ role: 'system', content: 'You are a helpful assistant that answers briefly.' }, { role: 'user', content: question }]
  const write = (name: string, body: object): string => {
    const path = join(dir, `${name}.json`)
    writeFileSync(path, JSON.stringify(body))
    return path
  }
  return {
    json: write('json', { model: 'gpt-4o-mini', user: 'u-1001', max_tokens: 256, temperature: 0.2, messages }),
    // The mock looks for "paced5" near the beginning; the model stays one that has a price.
    paced: write('paced', { model: 'gpt-4o-mini', user: 'paced5', stream: true, stream_options: { include_usage: true }, max_tokens: 256, temperature: 0.2, messages }),
  }
}
