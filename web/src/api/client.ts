import { problemOf } from './problem.ts'

/** Sent with every write; the session answer carries it. */
let csrfToken = ''
export function rememberCsrf(token: string): void { csrfToken = token }

type Search = Readonly<Record<string, string | number | boolean | null | undefined>>

/** The path with its search parameters, empty ones left out. */
export function withSearch(path: string, search: Search): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(search)) if (value !== undefined && value !== null) params.set(name, String(value))
  const text = params.toString()
  return text === '' ? path : `${path}?${text}`
}

async function request<Answer>(method: string, path: string, body: unknown, signal: AbortSignal | undefined): Promise<Answer> {
  const headers: Record<string, string> = { accept: 'application/json' }
  if (body !== undefined) headers['content-type'] = 'application/json'
  if (method !== 'GET' && csrfToken !== '') headers['x-csrf-token'] = csrfToken
  let response: Response
  try {
    response = await fetch(path, { method, headers, credentials: 'same-origin', body: body === undefined ? null : JSON.stringify(body), signal: signal ?? null })
  } catch (error) {
    if (signal?.aborted === true) throw error
    throw problemOf(0, { detail: 'It may be restarting, or the connection is down. Figures on this page may be out of date.' })
  }
  const text = await response.text()
  const answer = parsed(text)
  if (!response.ok) throw problemOf(response.status, answer)
  return answer as Answer
}

/** A file by POST, with the name the server gives it. */
export async function fetchFile(path: string, body: unknown): Promise<{ readonly name: string; readonly blob: Blob }> {
  const response = await fetch(path, { method: 'POST', headers: { 'content-type': 'application/json', 'x-csrf-token': csrfToken }, credentials: 'same-origin', body: JSON.stringify(body) })
  if (!response.ok) throw problemOf(response.status, parsed(await response.text()))
  const name = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1] ?? 'tollgate'
  return { name, blob: await response.blob() }
}

function parsed(text: string): unknown {
  if (text === '') return null
  try { return JSON.parse(text) } catch { return null }
}

/** The control API, same origin. Answers are typed by the contract the server checks itself against. */
export const api = {
  get: <Answer>(path: string, signal?: AbortSignal): Promise<Answer> => request<Answer>('GET', path, undefined, signal),
  post: <Answer>(path: string, body: unknown, signal?: AbortSignal): Promise<Answer> => request<Answer>('POST', path, body, signal),
  put: <Answer>(path: string, body: unknown): Promise<Answer> => request<Answer>('PUT', path, body, undefined),
  patch: <Answer>(path: string, body: unknown): Promise<Answer> => request<Answer>('PATCH', path, body, undefined),
  delete: <Answer>(path: string): Promise<Answer> => request<Answer>('DELETE', path, undefined, undefined),
}
