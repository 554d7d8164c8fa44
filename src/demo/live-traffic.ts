import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../base/log.ts'
import { diceFor, type Dice } from './dice.ts'
import type { DrawnCall } from './draw-call.ts'
import { drawCalls, type World } from './history.ts'
import { demoModels, type DemoModel } from './models.ts'
import type { PlannedApp } from './organisation.ts'

/**
 * The company goes on: calls over HTTP through the gateway, with its own keys, as its apps would make them. Lively at first, when
 * somebody is looking, then at about the pace of the history, so that a demo left running does not tower over its own past.
 */
interface LiveOptions {
  readonly world: World
  readonly gatewayUrl: string
  /** Gateway key secrets by key id. */
  readonly secrets: Readonly<Record<string, string>>
  readonly signal: AbortSignal
  readonly log: Log
}

const paces: readonly { readonly untilMs: number; readonly everyMs: number }[] = [
  { untilMs: 10 * 60_000, everyMs: 2_500 }, { untilMs: 60 * 60_000, everyMs: 12_000 }, { untilMs: Infinity, everyMs: 60_000 },
]
/** A body of this many tokens says as much as a longer one, and costs the simulation less. */
const inputTokensMax = 12_000
const outputTokensMax = 700
const stepPauseMs = [700, 2_600] as const

export async function liveOn(options: LiveOptions): Promise<void> {
  const { world, signal } = options
  const startedAt = Date.now()
  const dice = diceFor(world.story.seed, 'live', startedAt)
  const apps = world.organisation.apps.map((app) => [app, app.plan.daily] as const)
  const under = new Set<Promise<void>>()
  while (!signal.aborted) {
    const { everyMs } = paces.find((pace) => Date.now() - startedAt < pace.untilMs)!
    if (!(await pause(everyMs * (0.4 + dice.next() * 1.2), signal))) break
    const work = liveOnce(dice, options, dice.weighted(apps)).finally(() => under.delete(work))
    under.add(work)
  }
  await Promise.allSettled(under)
}

async function liveOnce(dice: Dice, options: LiveOptions, app: PlannedApp): Promise<void> {
  const calls = drawCalls(dice, options.world, app, Date.now())
  for (const [index, call] of calls.entries()) {
    if (index > 0 && !(await pause(dice.between(...stepPauseMs), options.signal))) return
    // Somebody tries a model that the key may not have.
    const asked = app.plan.name === 'Delay notices' && dice.chance(0.1) ? { ...call, model: 'gpt-5.1' as const } : call
    try {
      if (!(await makeCall(dice, options, asked))) return
    } catch (error) {
      if (!options.signal.aborted) options.log('warn', 'a call of the demo company failed', { reason: String(error) })
      return
    }
  }
}

/** False when the gateway refused it: a run ends there. */
async function makeCall(dice: Dice, { gatewayUrl, secrets, signal }: LiveOptions, call: DrawnCall): Promise<boolean> {
  const { path, body, headers } = requestOf(dice, call)
  const response = await fetch(`${gatewayUrl}${path}`, {
    method: 'POST', signal,
    headers: { 'content-type': 'application/json', 'x-tollgate-key': secrets[call.app.keyId]!, ...attributionHeaders(call), ...headers },
    body: JSON.stringify(body),
  })
  await response.arrayBuffer()
  return response.ok
}

interface LiveRequest { readonly path: string; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> }

function requestOf(dice: Dice, call: DrawnCall): LiveRequest {
  const model: DemoModel = demoModels[call.model]
  const output = Math.min(call.output, Math.round(outputTokensMax * (0.6 + dice.next() * 0.4)))
  const prompt = textOf(dice, call, output)
  const { stream } = call
  if (call.model === 'embedding') return { path: '/openai/v1/embeddings', body: { model: model.requested, input: prompt } }
  switch (model.provider) {
    case 'openai': return {
      path: '/openai/v1/chat/completions',
      body: { model: model.requested, messages: [{ role: 'system', content: systemText(call) }, { role: 'user', content: prompt }], max_completion_tokens: output + 512, ...(stream ? { stream, stream_options: { include_usage: true } } : {}) },
    }
    case 'anthropic': return {
      path: '/anthropic/v1/messages', headers: { 'anthropic-version': '2023-06-01' },
      body: {
        model: model.requested, max_tokens: output + 256, stream, messages: [{ role: 'user', content: prompt }],
        system: [{ type: 'text', text: systemText(call), ...(call.cacheRead + call.cacheWrite > 0 ? { cache_control: { type: 'ephemeral' } } : {}) }],
      },
    }
    case 'gemini': return {
      path: `/gemini/v1beta/models/${model.requested}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
      body: { systemInstruction: { parts: [{ text: systemText(call) }] }, contents: [{ role: 'user', parts: [{ text: prompt }] }], generationConfig: { maxOutputTokens: output + 512 } },
    }
  }
}

/** The part of the prompt that every call of an app repeats; long where the app uses the provider's cache. */
function systemText({ app, cacheRead, cacheWrite }: DrawnCall): string {
  const sentence = `You work for ${app.caller.orgName} in ${app.caller.teamName}, as part of ${app.caller.appName}. Be brief, be exact, and name your sources. `
  return sentence.repeat(cacheRead + cacheWrite > 0 ? 140 : 1)
}

/** About four bytes per token, never the same text twice; the simulated provider is asked for this much output. */
function textOf(dice: Dice, call: DrawnCall, output: number): string {
  const words = ['parcel', 'pallet', 'claim', 'route', 'dock', 'driver', 'customs', 'refund', 'ticket', 'index', 'query', 'label', 'delay', 'invoice', 'carrier', 'quay']
  let text = `${call.attribution.step === '' ? 'Request' : `Step ${call.attribution.step}`} ${dice.hex(8)}:`
  const bytes = Math.min(call.input - call.cacheRead, Math.round(inputTokensMax * (0.6 + dice.next() * 0.4))) * 4 - 120
  const line = Array.from({ length: 24 }, () => dice.pick(words)).join(' ')
  while (text.length < bytes) text += ` ${line}.`
  return `${text.slice(0, Math.max(bytes, 24))}\n[[sim: output ${output}]]`
}

function attributionHeaders({ attribution }: DrawnCall): Readonly<Record<string, string>> {
  const { user, agent, workflow, run, parentRun, step, session, tags } = attribution
  const named = { user, agent, workflow, run, 'parent-run': parentRun, step, session }
  return Object.fromEntries([
    ...Object.entries(named).filter(([, value]) => value !== '').map(([name, value]) => [`x-tollgate-${name}`, value] as const),
    ['x-tollgate-tags', Object.entries(tags).map(([name, value]) => `${name}=${value}`).join(',')],
  ])
}

/** False when it was cut short. */
async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await sleep(ms, undefined, { signal })
    return true
  } catch {
    return false
  }
}
