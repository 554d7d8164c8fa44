/** A signed-in client of the console's API. */
export class Console {
  readonly #url: string
  #cookie = ''
  #csrf = ''

  constructor(url: string) {
    this.#url = url
  }

  async signIn(token: string): Promise<void> {
    const answer = await fetch(`${this.#url}/api/v1/session`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token }) })
    if (answer.status !== 201) throw new Error(`sign-in: ${answer.status} ${await answer.text()}`)
    this.#cookie = answer.headers.get('set-cookie')!.split(';', 1)[0]!
    this.#csrf = ((await answer.json()) as { csrf: string }).csrf
  }

  get<Answer>(path: string): Promise<Answer> {
    return this.#ask('GET', path, null)
  }
  post<Answer>(path: string, body: unknown): Promise<Answer> {
    return this.#ask('POST', path, JSON.stringify(body))
  }

  async #ask<Answer>(method: string, path: string, body: string | null): Promise<Answer> {
    const answer = await fetch(this.#url + path, { method, body, headers: { cookie: this.#cookie, 'x-csrf-token': this.#csrf, ...(body === null ? {} : { 'content-type': 'application/json' }) } })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return (await answer.json()) as Answer
  }
}

/** Four hard budgets over the first key, each far from its end: organisation, team and app by cost, key by tokens. */
export async function makeFourBudgets(console: Console): Promise<void> {
  const { rows: nodes } = await console.get<{ rows: { id: string; kind: string }[] }>('/api/v1/nodes')
  const { rows: keys } = await console.get<{ rows: { id: string }[] }>('/api/v1/keys')
  const node = (kind: string): string => nodes.find((each) => each.kind === kind)!.id
  for (const kind of ['org', 'team', 'app']) {
    await console.post('/api/v1/budgets', { name: `${kind}, bench`, selector: { nodeId: node(kind) }, measure: 'cost', currency: 'USD', limit: '100000000', hard: true })
  }
  await console.post('/api/v1/budgets', { name: 'key, bench', selector: { keyId: keys[0]!.id }, measure: 'tokens', limit: '900000000000', hard: true })
}
