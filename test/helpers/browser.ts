// Real Chromium, for the page that people look at.
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { atEnd } from './at-end.js'
import type { TestScope } from './git.js'

/** What takes longer hangs, also on a machine that has much else to do, in milliseconds. */
const PATIENCE_MS = 300_000

/** Starts a browser, which is closed at the end; it takes long, so that tests of a file share one. */
export async function startBrowser(t: TestScope): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    timeout: PATIENCE_MS,
    // Its own sandbox does not run as root.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
  })
  atEnd(t, () => browser.close())
  return browser
}

/** Opens a page with cookies and settings of its own, which is closed after the test. */
export async function openPage(
  t: TestScope,
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Page> {
  const context = await browser.newContext(options)
  atEnd(t, () => context.close())
  context.setDefaultTimeout(PATIENCE_MS)
  const page = await context.newPage()
  await page.goto(url)
  return page
}
