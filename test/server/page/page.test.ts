// The page in real Chromium: what is there with and without scripts, that it follows what
// changes, and that it can be used by keyboard and with a screen reader. With SCREENSHOTS set
// to a folder, pictures of all that is shown are left there.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { before, describe, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { systemClock } from '../../../src/base/clock.js'
import { MOST_ROWS } from '../../../src/server/page/order.js'
import { createServer } from '../../../src/server/server.js'
import { atEnd } from '../../helpers/at-end.js'
import { openPage, startBrowser } from '../../helpers/browser.js'
import { fileScope } from '../../helpers/file-scope.js'
import type { TestScope } from '../../helpers/git.js'
import { lazyPage } from '../../helpers/lazy-report.js'
import { publishedEntry, REPORTS, reportOf } from '../../helpers/page-reports.js'
import { IS_WHOLE } from '../../helpers/seed.js'
import { until } from '../../helpers/service.js'
import { serverSource } from '../../helpers/test-server.js'

const scope = fileScope()
const WIDE = { width: 1280, height: 900 }
const NARROW = { width: 390, height: 844 }
const LOOKS = [
  ['light', WIDE],
  ['dark', WIDE],
  ['light', NARROW],
  ['dark', NARROW],
] as const
/** Each colour and each width, and in a sweep both of both: axe-core takes its time. */
const EXAMINED = IS_WHOLE ? LOOKS : [LOOKS[0], LOOKS[3]]
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Serves what `shown.report` says at any time. */
async function serve(t: TestScope, report = REPORTS['three']!()) {
  const shown = { report }
  const app = createServer(serverSource({ page: () => lazyPage(shown.report) }), {
    clock: systemClock,
    maxConnections: 50,
    onError: (error) => assert.fail(error),
  })
  atEnd(t, () => app.close())
  return { shown, url: `${await app.listen({ host: '127.0.0.1', port: 0 })}/` }
}

/** What axe-core finds wrong; it looks at twenty rows at most, as its time grows with their square. */
async function faultsOf(page: Page): Promise<string[]> {
  await page.evaluate(AXE)
  return page.evaluate(async () => {
    for (const row of document.querySelectorAll('tbody tr:nth-child(n+20)')) row.remove()
    const { axe } = globalThis as unknown as { axe: { run(): Promise<AxeResult> } }
    const { violations } = await axe.run()
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
  })
}

interface AxeResult {
  violations: { id: string; nodes: { html: string }[] }[]
}

async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env['SCREENSHOTS']
  if (folder) await page.screenshot({ path: path.join(folder, `${name}.png`) })
}

/** Goes down to an option of the list that has the focus: by its name, who is slow comes to another. */
async function choose(page: Page, option: string): Promise<void> {
  const list = page.locator('select:focus')
  const options = await list.locator('option').count()
  for (let at = 0; at < options && (await list.inputValue()) !== option; at++)
    await page.keyboard.press('ArrowDown')
  assert.equal(await list.inputValue(), option)
}

const liveOf = (page: Page) => page.waitForSelector('#connection.live')

describe('the page', () => {
  let browser: Browser
  before(async () => {
    browser = await startBrowser(scope)
  })

  for (const [name, report] of Object.entries(REPORTS)) {
    test(`shows ${name}, light and dark, wide and narrow, without a fault of accessibility`, async (t) => {
      const { url } = await serve(t, report())
      const page = await openPage(t, browser, url)
      await liveOf(page)
      const { length } = report().entries
      assert.equal(await page.locator('tbody tr').count(), Math.min(length, MOST_ROWS))
      for (const [colorScheme, viewport] of LOOKS) {
        await page.emulateMedia({ colorScheme })
        await page.setViewportSize(viewport)
        const isWider = await page.evaluate(() => document.body.scrollWidth > innerWidth)
        assert.ok(!isWider, 'nothing is cut off')
        await picture(page, `${name}-${viewport.width}-${colorScheme}`)
      }
      for (const [colorScheme, viewport] of EXAMINED) {
        await page.emulateMedia({ colorScheme })
        await page.setViewportSize(viewport)
        assert.deepEqual(await faultsOf(page), [])
      }
    })
  }

  test('is a plain table without scripts, that is loaded anew', async (t) => {
    const { url } = await serve(t, REPORTS['failing']!())
    const page = await openPage(t, browser, url, { javaScriptEnabled: false })
    const paths = await page.locator('tbody th > bdi').allTextContents()
    assert.deepEqual(
      paths.map((path) => path.replace(/^.*-/, '')),
      ['2', '1', '3', '4', '0', '5'],
    )
    assert.equal(await page.locator('form').isVisible(), false)
    assert.match(await page.locator('#attention').innerText(), /What to do: Correct/)
    assert.match(
      await page.locator('#attention').innerText(),
      /After a publication hook-failed\s+What to do: Read[\s\S]*site-5 after\/0\s+after\/0 ended with exit code 1/,
    )
    assert.match(await page.content(), /<meta http-equiv="refresh" content="30">/)
  })

  test('follows what changes, and says so where nobody answers any more', async (t) => {
    const { shown, url } = await serve(t)
    const page = await openPage(t, browser, url)
    await liveOf(page)
    const [first, second] = REPORTS['failing']!().entries
    shown.report = reportOf([first!, second!, publishedEntry(9, { subject: 'The newest' })])
    await page.getByText('The newest').first().waitFor()
    assert.equal(await page.locator('tbody tr').count(), 3)
    assert.match(await page.locator('#summary').innerText(), /failing\s+1/)
    assert.match(await page.locator('tbody tr').first().innerText(), /failing/)
    shown.report = reportOf([publishedEntry(9)])
    await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 1)
    assert.equal(await page.locator('#attention').innerText(), '')
  })

  test('filters and sorts a thousand entries by keyboard alone, and keeps that over a reload', async (t) => {
    const { url } = await serve(t, REPORTS['thousand']!())
    const page = await openPage(t, browser, url)
    await liveOf(page)
    await page.keyboard.press('Tab')
    await page.keyboard.type('site-97')
    await page.locator('#shown').getByText('11 of 1000').waitFor()
    await page.keyboard.press('Tab')
    await choose(page, 'failing')
    await page.locator('#shown').getByText('2 of 1000').waitFor()
    await page.keyboard.press('Tab')
    await choose(page, 'path')
    await page.reload()
    await page.locator('#shown').getByText('2 of 1000').waitFor()
    const visible = await page.locator('tbody tr:visible th > bdi').allTextContents()
    assert.deepEqual(visible, ['/srv/content/site-97', '/srv/content/site-970'])
  })

  test('has a table of bounded length, however many entries there are, and finds each', async (t) => {
    const entries = Array.from({ length: 10_000 }, (_, number) => publishedEntry(number))
    const { shown, url } = await serve(t, reportOf(entries))
    const page = await openPage(t, browser, url)
    const rows = page.locator('tbody tr')
    assert.equal(await rows.count(), MOST_ROWS)
    await liveOf(page)
    await page.locator('#more').getByText('the first 500 of 10000').waitFor()
    await page.getByLabel('Filter').fill('site-9876')
    await page.locator('#shown').getByText('1 of 10000').waitFor()
    assert.equal(await rows.count(), 1)
    assert.equal(await page.locator('#more').innerText(), '')
    const changed = publishedEntry(9876, { subject: 'The newest' })
    shown.report = reportOf(entries.map((entry, at) => (at === 9876 ? changed : entry)))
    await rows.getByText('The newest').waitFor()
    await page.getByLabel('Filter').fill('')
    await page.waitForFunction(
      (most) => document.querySelectorAll('tbody tr').length === most,
      MOST_ROWS,
    )
  })

  test('says which of several instances it is of, and who has the rest', async (t) => {
    const others = [
      { index: 0, entries: 7, holder: 'fleet-0 (process 1, shard 0/3)' },
      { index: 2, entries: 6, holder: null },
    ]
    const report = { ...REPORTS['three']!(), shard: { index: 1, total: 3, others } }
    const { url } = await serve(t, report)
    const page = await openPage(t, browser, url)
    await liveOf(page)
    await page.getByText('Shard 1 of 3: 13 more entries are other instances’').click()
    const told = await page.locator('#shard li').allInnerTexts()
    assert.deepEqual(told, [
      'Shard 0 has 7, seen at work: fleet-0 (process 1, shard 0/3)',
      'Shard 2 has 6',
    ])
    assert.deepEqual(await faultsOf(page), [])
  })

  test('shows what commits and remotes say as text', async (t) => {
    const evil = '<img src=x onerror=alert(1)>"\'&\u202e'
    const entry = publishedEntry(0, {
      path: `a${evil}`,
      repo: evil,
      ref: evil,
      subject: evil,
      author: evil,
      signer: evil,
      state: 'failing',
      error: { code: 'remote-error', message: evil },
    })
    const { url } = await serve(t, reportOf([entry], [evil]))
    for (const javaScriptEnabled of [false, true]) {
      const page = await openPage(t, browser, url, { javaScriptEnabled })
      if (javaScriptEnabled) await liveOf(page)
      assert.equal(await page.locator('img').count(), 0)
      assert.ok((await page.locator('tbody tr').innerText()).includes(evil))
    }
  })

  test('weighs little, and needs nothing from elsewhere', async (t) => {
    // The document, its style, and the scripts.
    const FILES = 8
    const { url } = await serve(t, reportOf([]))
    const asked = new Map<string, Promise<Buffer>>()
    const page = await openPage(t, browser, 'about:blank')
    page.on('response', (response) => {
      if (!response.url().endsWith('/events')) asked.set(response.url(), response.body())
    })
    await page.goto(url)
    await liveOf(page)
    await page.waitForLoadState('load')
    await until(() => asked.size >= FILES, 'everything is there')
    const bodies = await Promise.all(asked.values())
    assert.deepEqual(
      [...asked.keys()].filter((each) => !each.startsWith(url)),
      [],
    )
    assert.equal(asked.size, FILES)
    const bytes = bodies.reduce((sum, { length }) => sum + length, 0)
    assert.ok(bytes < 60_000, `${bytes} bytes`)
  })
})
