import { z } from 'zod'
import type { CalendarUnit } from '../../base/period.ts'
import { limits } from '../../config/limits.ts'
import { measures, perDimensions } from '../../core/entitlement/rule.ts'
import { anyRole, route } from './route.ts'
import { cursorQuery, idParams, idText, instantOut, nameText, nothing, pageOf, queryFlag, whenWrongType, zoneText } from './fields.ts'

// Spelled out here, because base/period brings a time zone library that the console does not need.
const calendarUnits = ['hour', 'day', 'week', 'month', 'quarter', 'year'] as const satisfies readonly CalendarUnit[]

const quantityOut = z.string().describe('Exact decimal: currency units for a cost budget, whole units of the measure otherwise.')
const quantityIn = z.string(whenWrongType('Send a decimal string such as "250.00".'))
  .regex(/^\d{1,18}(\.\d{1,15})?$/, 'Send a decimal string that is not negative, such as "250.00".')

const selectorValue = z.string().min(1).max(256)
const ruleSelector = z.strictObject({
  nodeId: idText.exactOptional().describe('Calls of this node and below. Absent = the whole organisation.'),
  keyId: selectorValue.exactOptional().describe('Calls with this key.'),
  provider: selectorValue.exactOptional().describe('Calls to this provider.'),
  model: selectorValue.exactOptional().describe('Calls that request this model.'),
  user: selectorValue.exactOptional().describe('Calls of this end user.'),
  agent: selectorValue.exactOptional().describe('Calls of this agent.'),
  workflow: selectorValue.exactOptional().describe('Calls of this workflow.'),
})

export const budgetWindow = z.object({
  tuple: z.array(z.object({
    dimension: z.enum(perDimensions).describe('Dimension of `per`.'),
    id: z.string().describe("Its value; '' = calls that lack it."),
    name: z.string().describe('Name for people; the id where there is no other.'),
  })).describe('Which of the rule\'s windows this is; empty when the rule has one shared window.'),
  startMs: instantOut.describe('Start of the window, Unix milliseconds UTC.'),
  resetsAt: instantOut.describe('End of the window, when the next begins empty, Unix milliseconds UTC.'),
  limit: quantityOut.describe('Limit of this window.'),
  committed: quantityOut.describe('Used and settled.'),
  leased: quantityOut.describe('Held by gateways for calls in flight or soon to come; not spent.'),
  remaining: quantityOut.describe('limit − committed − leased; negative when late facts passed the limit.'),
  usedRatio: z.number().nullable().describe('committed ÷ limit, for display; null when the limit is 0.'),
})
const course = z.object({
  landing: quantityOut.describe('Use at the end of the window at this rate.'),
  exhaustedAtMs: instantOut.nullable().describe('When the limit is reached at this rate, Unix milliseconds UTC; null = not in this window, or reached already.'),
})
const pace = z.object({
  averagePerDay: quantityOut.nullable().describe('Mean use per 24 hours since the window began; null in its first twentieth.'),
  lastDay: quantityOut.describe('Use in the last 24 hours, at most a minute old.'),
  atAverage: course.nullable().describe('Where the mean so far leads; null in the first twentieth of the window.'),
  atLastDay: course.describe('Where the rate of the last 24 hours leads.'),
})
const pacedWindow = budgetWindow.extend({ pace: pace.exactOptional().describe('How fast it is used. Absent unless asked for with pace=true.') })
const outputBound = z.enum(['inject', 'model_max', 'refuse'])
const allowance = z.enum(['refuse', 'allow'])
export const budget = z.object({
  id: z.string().describe('Rule id.'),
  name: z.string().describe('Name of the budget.'),
  selector: ruleSelector,
  scopeName: z.string().describe('What the selector says, in words: "Retail / Checkout".'),
  per: z.array(z.enum(perDimensions)).describe('One window per distinct value; empty = one shared window.'),
  measure: z.enum(measures).describe('What is counted.'),
  currency: z.string().describe("Currency of a cost budget; '' otherwise."),
  window: z.object({ unit: z.enum(calendarUnits).describe('Calendar window.'), zone: z.string().describe('IANA zone that windows are cut in.') }),
  limit: quantityOut,
  hard: z.boolean().describe('true: a call that could overrun is refused before it leaves · false: counted and shown only.'),
  outputBound: outputBound.describe('When the caller sends no output cap under a hard budget: inject one, assume the model\'s maximum, or refuse.'),
  outputCapDefault: z.number().describe('Cap that is injected, tokens per choice.'),
  unpriced: allowance.describe('Calls whose model has no price under a hard cost budget.'),
  unbounded: allowance.describe('Calls whose bound cannot be proven.'),
  windows: z.array(pacedWindow).describe('Current windows, fullest first, at most 50.'),
  windowsCount: z.number().describe('How many current windows there are.'),
})
const ruleWords = {
  name: nameText,
  limit: quantityIn,
  hard: z.boolean(),
  outputBound,
  outputCapDefault: z.int().min(1).max(1_000_000),
  unpriced: allowance,
  unbounded: allowance,
}
const limitNote = 'Decimal string ≥ 0: currency units (at most 15 places) for cost, whole units otherwise.'
const createBudget = z.strictObject({
  name: ruleWords.name.describe('1–120 characters.'),
  selector: ruleSelector.prefault({}).describe('Which calls it covers; every given member must match. Default {} = all.'),
  per: z.array(z.enum(perDimensions)).max(4).default([]).describe('One window per distinct value of these. Default [] = one shared window; at most 4.'),
  measure: z.enum(measures).default('cost').describe('What is counted. Default cost.'),
  currency: z.string().regex(/^[A-Z]{3}$/, 'Send an ISO 4217 code such as "USD".').default('USD').describe('Currency of a cost budget. Default USD.'),
  window: z.strictObject({
    unit: z.enum(calendarUnits).default('month').describe('Calendar window. Default month.'),
    zone: zoneText.default('UTC').describe('IANA zone. Default UTC.'),
  }).prefault({}).describe('When the budget begins anew.'),
  limit: ruleWords.limit.describe(limitNote),
  hard: ruleWords.hard.default(true).describe('Default true: refuse before overrun.'),
  outputBound: outputBound.default('inject').describe('What to do without an output cap. Default inject.'),
  outputCapDefault: ruleWords.outputCapDefault.default(limits.outputCapDefaultTokens).describe(`Tokens per choice, 1–1,000,000. Default ${limits.outputCapDefaultTokens}.`),
  unpriced: allowance.default('refuse').describe('Calls whose model has no price. Default refuse.'),
  unbounded: allowance.default('refuse').describe('Calls whose bound cannot be proven. Default refuse.'),
})
const updateBudget = z.strictObject({
  name: ruleWords.name.exactOptional().describe('New name, 1–120 characters.'),
  limit: ruleWords.limit.exactOptional().describe(`New limit. ${limitNote} Lowering it stops grants at once.`),
  hard: ruleWords.hard.exactOptional().describe('true enforces, false only counts.'),
  outputBound: outputBound.exactOptional().describe('What to do without an output cap.'),
  outputCapDefault: ruleWords.outputCapDefault.exactOptional().describe('Tokens per choice, 1–1,000,000.'),
  unpriced: allowance.exactOptional().describe('Calls whose model has no price.'),
  unbounded: allowance.exactOptional().describe('Calls whose bound cannot be proven.'),
})

const period = {
  startMs: instantOut.describe('Start of the window, Unix milliseconds UTC.'),
  endMs: instantOut.describe('Its end, exclusive, Unix milliseconds UTC.'),
}
const budgetPreview = z.object({
  scopeName: z.string().describe('What the selector says, in words.'),
  ...period,
  used: quantityOut.describe('What it would count in the current window so far, over all its windows.'),
  windows: z.array(budgetWindow).describe('Its current windows as they would stand, fullest first, at most 5.'),
  windowsCount: z.number().describe('How many windows it would have now.'),
  overCount: z.number().describe('How many of them are at or past the limit already.'),
  past: z.array(z.object({
    ...period,
    used: quantityOut.describe('Use of the fullest window of that time.'),
    windowsCount: z.number().describe('How many windows there would have been.'),
    overCount: z.number().describe('How many would have reached the limit.'),
  })).describe('The same for up to 3 windows before, newest first; none further back than 400 days.'),
})
const budgetBurn = z.object({
  ...period,
  granularity: z.enum(['hour', 'day', 'week']).describe('Length of a bucket.'),
  rows: z.array(z.object({ bucketMs: instantOut.describe('Start of the bucket.'), used: quantityOut.describe('Use in the bucket.') })).describe('Buckets with use, oldest first.'),
  refusals: z.number().describe('Calls of what the budget covers that were refused in the window, for whatever reason.'),
})
const budgetChange = z.object({
  at: instantOut,
  actor: z.string().describe('Name of who did it, at the time.'),
  action: z.enum(['create', 'update', 'delete', 'correct']).describe('What was done.'),
  changes: z.array(z.object({
    field: z.string().describe('Member of the budget.'),
    from: z.string().describe('Value before, for people.'),
    to: z.string().describe('Value after.'),
  })).describe('What an update changed; empty otherwise.'),
})
const paceFlag = queryFlag.default(false).describe('true adds `pace` to every window. Default false.')

const holders = ['admin', 'finance'] as const
export const budgetRoutes = {
  listBudgets: route({ id: 'listBudgets', method: 'GET', path: '/api/v1/budgets', tag: 'budgets', role: anyRole, summary: 'Budgets within your grants, with their current windows.', query: z.strictObject({ ...cursorQuery, pace: paceFlag }), response: pageOf(budget) }),
  getBudget: route({ id: 'getBudget', method: 'GET', path: '/api/v1/budgets/{id}', tag: 'budgets', role: anyRole, summary: 'One budget with its current windows.', params: idParams, query: z.strictObject({ pace: paceFlag }), response: budget }),
  createBudget: route({ id: 'createBudget', method: 'POST', path: '/api/v1/budgets', tag: 'budgets', role: holders, summary: 'Adds a budget; what was already used in the current window counts from the first moment.', status: 201, body: createBudget, response: budget }),
  updateBudget: route({ id: 'updateBudget', method: 'PATCH', path: '/api/v1/budgets/{id}', tag: 'budgets', role: holders, summary: 'Changes limit and policy words; what it covers and counts is fixed for life.', params: idParams, body: updateBudget, response: budget }),
  deleteBudget: route({ id: 'deleteBudget', method: 'DELETE', path: '/api/v1/budgets/{id}', tag: 'budgets', role: holders, summary: 'Removes a budget.', params: idParams, status: 204, produces: 'none', response: nothing }),
  listBudgetWindows: route({ id: 'listBudgetWindows', method: 'GET', path: '/api/v1/budgets/{id}/windows', tag: 'budgets', role: anyRole, summary: 'All windows of a budget, newest first.', params: idParams, query: z.strictObject(cursorQuery), response: pageOf(budgetWindow) }),
  previewBudget: route({ id: 'previewBudget', method: 'POST', path: '/api/v1/budgets/preview', tag: 'budgets', role: holders, summary: 'What a budget would cover and already count, without adding it; reads only.', body: createBudget, response: budgetPreview }),
  getBudgetBurn: route({
    id: 'getBudgetBurn', method: 'GET', path: '/api/v1/budgets/{id}/burn', tag: 'budgets', role: anyRole, summary: 'How the current window was used over time, from the records.', params: idParams,
    query: z.strictObject({ tuple: z.string().max(2_000).exactOptional().describe('JSON array of the values of `per`, for one of several windows. Absent = all of them together.') }), response: budgetBurn,
  }),
  listBudgetChanges: route({ id: 'listBudgetChanges', method: 'GET', path: '/api/v1/budgets/{id}/changes', tag: 'budgets', role: anyRole, summary: 'Who changed a budget, newest first.', params: idParams, query: z.strictObject(cursorQuery), response: pageOf(budgetChange) }),
}
