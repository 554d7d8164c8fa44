import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import chromium from '@sparticuz/chromium'
import { chromium as playwright, type Browser, type Page } from 'playwright-core'

/** Drawn by the processor without the detour over a simulated graphics card, which costs more than the page itself. */
const args = ['--no-sandbox', '--no-zygote', '--disable-dev-shm-usage', '--disable-gpu', '--font-render-hinting=none']

/** A system Chromium where there is one, else the packaged build. */
export async function launchBrowser(): Promise<Browser> {
  const system = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path))
  return playwright.launch({ executablePath: system ?? await chromium.executablePath(), args })
}

let axe: string | null = null

/** What axe-core finds on the page as it stands and calls serious or critical, one line each. */
export async function barriers(page: Page): Promise<readonly string[]> {
  axe ??= readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  // Evaluated by the debugger, which the page's content security policy does not bind.
  await page.evaluate(axe)
  // Contrast is that of colours which have arrived; what never ends is left to run.
  await page.evaluate(`Promise.all(document.getAnimations().filter(({ effect }) => effect.getComputedTiming().endTime !== Infinity).map(({ finished }) => finished.catch(() => {})))`)
  return await page.evaluate(`axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 160)).join(' | ')))`) as string[]
}

/** Error messages of the page's console and uncaught exceptions; an expected 401 before sign-in is not one. */
export function hearComplaints(page: Page): readonly string[] {
  const heard: string[] = []
  page.on('console', (message) => { if (message.type() === 'error' && !message.text().includes('status of 401')) heard.push(message.text()) })
  page.on('pageerror', (error) => heard.push(error.message))
  return heard
}
