import { anthropicAliases, anthropicSteps } from './anthropic.ts'
import type { OverlayData } from './apply-overlay.ts'
import { deepseekAliases, deepseekSteps } from './deepseek.ts'
import { googleAliases, googleSteps } from './google.ts'
import { overlayLimits } from './limits.ts'
import { openaiAliases, openaiSteps } from './openai.ts'
import { otherAliases, otherSteps } from './other-providers.ts'

/** Our curated prices: what the feed lacks and what it has wrong, each row with its source. */
export const overlay: OverlayData = {
  steps: [...openaiSteps, ...anthropicSteps, ...googleSteps, ...deepseekSteps, ...otherSteps],
  aliases: [...openaiAliases, ...anthropicAliases, ...googleAliases, ...deepseekAliases, ...otherAliases],
  limits: overlayLimits,
}
