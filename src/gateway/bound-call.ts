import { amountOf } from '../base/money.ts'
import { limits } from '../config/limits.ts'
import type { CallBound, Scope } from '../core/entitlement/decide.ts'
import type { Call } from './call.ts'

/** How a call is bounded: the worst case, and the output cap to splice in when the caller sent none. */
export interface BoundPlan {
  readonly bound: CallBound
  /** Tokens per choice to inject; null when the body stays as it is. */
  readonly injectedCap: number | null
}

/** Tokens a chat template may add beside the text: role markers and separators are shorter than their JSON. */
const templateTokens = 16

/**
 * The provable worst case of a call: one token per body byte (byte-level tokenizers make no more; +10 % where the
 * tokenizer may fold characters), never more than the model's context; output by the caller's cap, else by the
 * policies of the hard budgets that cover it, else by what the model can produce.
 */
export function boundCall(call: Call, scopes: readonly Scope[], atMs: number, attempt: number): BoundPlan {
  const { facts, route, state } = call
  const requests = attempt === 1 ? 1 : 0
  if (facts.endpoint.kind === 'free') return { bound: { cost: 0n, currency: route.currency, inputTokens: 0, outputTokens: 0, requests, unbounded: '' }, injectedCap: null }
  if (facts.endpoint.kind === 'opaque') {
    return { bound: { cost: priceOfCall(call), currency: route.currency, inputTokens: 0, outputTokens: 0, requests, unbounded: '' }, injectedCap: null }
  }
  const model = facts.model
  const { contextTokens, outputTokensMax } = state.priceBook.limits(route.priceAs, model, atMs)
  const { inputTokens, unbounded: inputUnbounded } = boundInput(call, contextTokens)
  const output = boundOutput(call, scopes, outputTokensMax)
  // A caller may name any number; past this one a record could not be written, and no budget is as large.
  const outputTokens = Math.min(output.tokens * facts.choices, Number.MAX_SAFE_INTEGER)
  const priced = state.priceBook.bound({
    orgId: call.key.caller.orgId, provider: route.priceAs, model, inputTokensMax: inputTokens, outputTokensMax: outputTokens,
    at: atMs, mode: facts.mode, geo: facts.geoAtMost ?? facts.geo, mayWriteCache: facts.mayWriteCache, searchesMax: facts.searchesMax ?? 0,
  })
  return {
    bound: {
      cost: priced?.cost ?? null, currency: priced?.currency ?? route.currency, inputTokens, outputTokens, requests,
      unbounded: inputUnbounded !== '' ? inputUnbounded : output.unbounded,
    },
    injectedCap: output.injectedCap,
  }
}


/** The price of one call of an opaque route, 1e-15 units; null when none is configured. */
export function priceOfCall(call: Call): bigint | null {
  return call.route.callPrice === null ? null : callPriceOf(call.route.callPrice)
}
const callPrices = new Map<string, bigint>()
function callPriceOf(text: string): bigint {
  let price = callPrices.get(text)
  if (price === undefined) {
    price = amountOf(text)
    if (callPrices.size < 10_000) callPrices.set(text, price)
  }
  return price
}

function boundInput(call: Call, contextTokens: number | null): { readonly inputTokens: number; readonly unbounded: string } {
  const { facts, route } = call
  const folding = route.priceAs === 'openai' ? 1 : 1.1
  const byBytes = Math.ceil(facts.inputBytes * folding) + templateTokens
  if (facts.unboundedBecause !== '') return { inputTokens: contextTokens ?? byBytes, unbounded: facts.unboundedBecause }
  if ((facts.turnsMax ?? 1) > 1) {
    // What a server tool finds joins the input, and each further turn reads the context again.
    if (contextTokens === null) return { inputTokens: byBytes, unbounded: 'server tools, and the context size of the model is not known' }
    return { inputTokens: contextTokens * facts.turnsMax!, unbounded: '' }
  }
  // An embedding model's context holds one text, of which a request may bring many.
  const isOneText = facts.endpoint.name !== 'embeddings'
  if (!facts.usesServerState) return { inputTokens: contextTokens === null || !isOneText ? byBytes : Math.min(byBytes, contextTokens), unbounded: '' }
  // State kept by the provider joins the input, so only the model's context bounds it.
  if (contextTokens === null) return { inputTokens: byBytes, unbounded: 'server-side state, and the context size of the model is not known' }
  return { inputTokens: contextTokens, unbounded: '' }
}

function boundOutput(call: Call, scopes: readonly Scope[], outputTokensMax: number | null): { readonly tokens: number; readonly injectedCap: number | null; readonly unbounded: string } {
  const { facts } = call
  if (facts.endpoint.name === 'embeddings') return { tokens: 0, injectedCap: null, unbounded: '' }
  if (facts.outputCap !== null) {
    return { tokens: outputTokensMax === null ? facts.outputCap : Math.min(facts.outputCap, outputTokensMax), injectedCap: null, unbounded: '' }
  }
  let cap: number | null = null
  for (const { compiled: { rule } } of scopes) {
    if (rule.measure === 'requests' || rule.measure === 'input_tokens') continue
    if (rule.outputBound === 'refuse') return { tokens: outputTokensMax ?? 0, injectedCap: null, unbounded: `no output cap was sent, and budget "${rule.name}" asks for one` }
    if (rule.outputBound === 'inject') cap = Math.min(cap ?? Number.MAX_SAFE_INTEGER, rule.outputCapDefault)
  }
  if (cap !== null) {
    const injectedCap = outputTokensMax === null ? cap : Math.min(cap, outputTokensMax)
    return { tokens: injectedCap, injectedCap, unbounded: '' }
  }
  if (outputTokensMax !== null) return { tokens: outputTokensMax, injectedCap: null, unbounded: '' }
  return { tokens: limits.outputCapDefaultTokens, injectedCap: null, unbounded: 'no output cap was sent, and the most the model can produce is not known' }
}
