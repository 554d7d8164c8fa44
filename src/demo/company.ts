import type { DemoModelName } from './models.ts'

/** Halden Logistics, made up: who works there, what they built on models, and how much each of it is used. */
export const companyName = 'Halden Logistics'
/** Its clock: working hours, budget windows. */
export const companyZone = 'Europe/Amsterdam'

/** When an app is used: in office hours, by customers in their evenings, at night in one go, or by machines all day. */
export type Rhythm = 'office' | 'customers' | 'nightly' | 'always'

export interface AppPlan {
  readonly name: string
  /** Calls on an ordinary weekday three months ago; runs where it works through a workflow. */
  readonly daily: number
  readonly rhythm: Rhythm
  readonly models: readonly (readonly [DemoModelName, number])[]
  /** Median tokens a call reads and writes. */
  readonly input: number
  readonly output: number
  /** Share of calls that stream. */
  readonly streams: number
  /** Share of the input that is read from the provider's cache, once there is one. */
  readonly cached?: number
  readonly workflow?: string
  /** People who are behind the calls; 0 for machines. */
  readonly users: number
}
export interface TeamPlan { readonly name: string; readonly costCentre: string; readonly growth: number; readonly apps: readonly AppPlan[] }
interface UnitPlan { readonly name: string; readonly teams: readonly TeamPlan[] }

/** A step of an agent: who takes it, with what model, how often in a row at most. */
export interface StepPlan { readonly step: string; readonly agent: string; readonly model: DemoModelName; readonly input: number; readonly output: number; readonly repeats: readonly [number, number] }
interface WorkflowPlan { readonly name: string; readonly steps: readonly StepPlan[] }

const app = (name: string, daily: number, rhythm: Rhythm, models: AppPlan['models'], input: number, output: number, more: Partial<Pick<AppPlan, 'streams' | 'cached' | 'workflow' | 'users'>> = {}): AppPlan =>
  ({ name, daily, rhythm, models, input, output, streams: 0, users: 0, ...more })

export const units: readonly UnitPlan[] = [
  {
    name: 'Retail',
    teams: [
      {
        name: 'Search', costCentre: 'CC-2100', growth: 0.35, apps: [
          app('Semantic search', 27.5, 'customers', [['embedding', 1]], 420, 0),
          app('Query rewriter', 23, 'customers', [['gpt-5-nano', 3], ['flash-lite', 1]], 3_100, 96),
          app('Result reranker', 18, 'customers', [['flash-lite', 1]], 20_000, 140),
          app('Catalogue descriptions', 8.5, 'nightly', [['gpt-5-mini', 1]], 9_100, 670),
        ],
      },
      {
        name: 'Checkout', costCentre: 'CC-2140', growth: 0.2, apps: [
          app('Fraud screen', 20.5, 'customers', [['gpt-5-mini', 2], ['haiku', 1]], 12_000, 290),
          app('Address repair', 13, 'customers', [['gpt-5-nano', 1]], 2_300, 110),
          app('Returns assistant', 9.5, 'customers', [['haiku', 1]], 18_000, 540, { streams: 0.9, users: 260, cached: 0.45 }),
        ],
      },
      {
        name: 'Marketing', costCentre: 'CC-2180', growth: 0.15, apps: [
          app('Campaign writer', 1.8, 'office', [['sonnet', 1]], 14_000, 1_400, { workflow: 'write-campaign', users: 14, streams: 0.4 }),
          app('Image captions', 7, 'nightly', [['flash', 1]], 7_200, 180),
          app('Newsletter drafts', 3.5, 'office', [['gpt-5.1', 1]], 25_000, 2_400, { streams: 0.8, users: 9 }),
        ],
      },
      {
        name: 'Customer insight', costCentre: 'CC-2190', growth: 0.3, apps: [
          app('Review themes', 12, 'nightly', [['flash', 2], ['gpt-5-mini', 1]], 26_000, 610),
          app('Survey coding', 7, 'office', [['haiku', 1]], 14_000, 240),
          app('Churn notes', 5, 'office', [['gpt-5.1', 1]], 37_000, 990, { users: 11 }),
        ],
      },
    ],
  },
  {
    name: 'Operations',
    teams: [
      {
        name: 'Support', costCentre: 'CC-3010', growth: 0.25, apps: [
          app('Agent desk', 5.5, 'office', [['gpt-4o', 1]], 22_000, 670, { workflow: 'resolve-ticket', users: 48, streams: 0.7 }),
          app('Call summaries', 20.5, 'office', [['gpt-4o', 1]], 33_000, 610, { users: 52 }),
          app('Reply suggestions', 24, 'office', [['gpt-4o', 3], ['haiku', 1]], 13_000, 340, { streams: 0.9, users: 48 }),
          app('Ticket triage', 18, 'always', [['gpt-4o', 1]], 6_200, 64),
          app('Knowledge search', 13, 'office', [['embedding', 1]], 380, 0),
        ],
      },
      {
        name: 'Logistics', costCentre: 'CC-3200', growth: 0.4, apps: [
          app('Route planner', 3, 'always', [['gpt-5.1', 1]], 34_000, 1_400, { workflow: 'plan-route' }),
          app('Customs forms', 12, 'office', [['gpt-5-mini', 1]], 27_000, 1_100),
          app('Delay notices', 11, 'always', [['gpt-5-nano', 1]], 4_300, 260),
          app('Driver chat', 9, 'office', [['flash', 1]], 11_000, 300, { streams: 1, users: 90 }),
        ],
      },
      {
        name: 'Warehouse', costCentre: 'CC-3240', growth: 0.1, apps: [
          app('Damage reports', 8.5, 'office', [['flash', 3], ['pro', 1]], 15_000, 580),
          app('Shift handover', 5, 'office', [['haiku', 1]], 21_000, 670, { users: 24 }),
          app('Label reader', 12, 'always', [['flash-lite', 1]], 6_000, 96),
        ],
      },
      {
        name: 'Claims', costCentre: 'CC-3300', growth: 0.2, apps: [
          app('Claim assessor', 2.4, 'office', [['sonnet', 1]], 43_000, 1_300, { workflow: 'assess-claim', users: 18 }),
          app('Policy assistant', 15.5, 'office', [['sonnet', 1]], 40_000, 670, { streams: 0.95, users: 34, cached: 0.82 }),
          app('Letter drafts', 6, 'office', [['haiku', 1]], 17_000, 1_000, { users: 16 }),
        ],
      },
    ],
  },
  {
    name: 'Platform',
    teams: [
      {
        name: 'Developer tools', costCentre: 'CC-1000', growth: 0.6, apps: [
          app('Code review', 3.5, 'office', [['sonnet', 1]], 77_000, 1_400, { workflow: 'review-change', users: 38, cached: 0.5 }),
          app('Commit messages', 15.5, 'office', [['gpt-5-nano', 1]], 8_200, 96, { users: 60 }),
          app('Editor assistant', 26.5, 'office', [['sonnet', 2], ['gpt-5.1', 1]], 46_000, 420, { streams: 1, users: 42, cached: 0.6 }),
          app('Incident summaries', 1.8, 'always', [['gpt-5.1', 1]], 67_000, 1_400),
        ],
      },
      {
        name: 'Data', costCentre: 'CC-1020', growth: 0.3, apps: [
          app('Ask the warehouse', 3.5, 'office', [['gpt-5.1', 1]], 29_000, 800, { workflow: 'answer-question', users: 26, streams: 0.5 }),
          app('Catalogue tagging', 11, 'nightly', [['gpt-5-nano', 1]], 5_300, 140),
          app('Pipeline doctor', 3.5, 'always', [['gpt-5-mini', 1]], 39_000, 770),
        ],
      },
      {
        // No cost centre: what this team uses is nobody's yet.
        name: 'Research', costCentre: '', growth: 0.5, apps: [
          app('Notebook', 6, 'office', [['opus', 1], ['pro', 2], ['gpt-5.1', 2]], 36_000, 1_800, { streams: 0.6, users: 7 }),
          app('Model bake-off', 4, 'nightly', [['preview', 2], ['pro', 1], ['sonnet', 1]], 15_000, 960),
        ],
      },
      {
        name: 'Security', costCentre: 'CC-1080', growth: 0.1, apps: [
          app('Phishing triage', 9.5, 'always', [['gpt-5-mini', 1]], 12_000, 220),
          app('Log explainer', 4, 'office', [['flash', 1]], 53_000, 670, { users: 8 }),
          app('Access reviews', 2.4, 'office', [['haiku', 1]], 24_000, 480, { users: 5 }),
        ],
      },
    ],
  },
]

const step = (name: string, agent: string, model: DemoModelName, input: number, output: number, low = 1, high = 1): StepPlan => ({ step: name, agent, model, input, output, repeats: [low, high] })

export const workflows: readonly WorkflowPlan[] = [
  { name: 'write-campaign', steps: [step('brief', 'writer', 'gpt-5-mini', 11_000, 640), step('draft', 'writer', 'sonnet', 18_000, 2_200, 1, 3), step('edit', 'editor', 'sonnet', 26_000, 1_400)] },
  { name: 'resolve-ticket', steps: [step('classify', 'triage', 'gpt-4o', 6_200, 64), step('look-up', 'resolver', 'gpt-4o', 18_000, 290, 1, 4), step('reply', 'resolver', 'gpt-4o', 26_000, 670), step('check', 'verifier', 'haiku', 14_000, 140)] },
  { name: 'plan-route', steps: [step('collect', 'planner', 'gpt-5-mini', 17_000, 420), step('propose', 'planner', 'gpt-5.1', 40_000, 1_800, 1, 3), step('challenge', 'critic', 'gpt-5.1', 33_000, 670)] },
  { name: 'assess-claim', steps: [step('intake', 'intake', 'haiku', 16_000, 350), step('gather', 'evidence', 'sonnet', 43_000, 540, 2, 6), step('assess', 'assessor', 'sonnet', 66_000, 1_400)] },
  { name: 'review-change', steps: [step('read', 'reviewer', 'sonnet', 75_000, 480, 1, 4), step('security', 'security-checker', 'haiku', 53_000, 350), step('summarise', 'reviewer', 'sonnet', 40_000, 1_100)] },
  { name: 'answer-question', steps: [step('understand', 'analyst', 'gpt-5-mini', 11_000, 190), step('query', 'sql-writer', 'gpt-5.1', 28_000, 610, 1, 4), step('explain', 'analyst', 'gpt-5.1', 21_000, 830)] },
]
