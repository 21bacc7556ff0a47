// What refuses a commit, and what says nothing of it, with real programs and posts.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Clock, systemClock } from '../../src/base/clock.js'
import { createRedactor } from '../../src/base/known-secrets.js'
import { createBeforeHooks } from '../../src/hooks/before-hooks.js'
import type { HookOutcome } from '../../src/hooks/hook-outcome.js'
import { createHookRunner } from '../../src/hooks/hook-runner.js'
import { createPoster } from '../../src/hooks/post-hook.js'
import type { Hook } from '../../src/listing/hook.js'
import { createHttpClient } from '../../src/transport/http/undici-client.js'
import { atEnd } from '../helpers/at-end.js'
import { failsWith } from '../helpers/fails-with.js'
import { FakeClock } from '../helpers/fake-clock.js'
import { type TestScope, tempDir } from '../helpers/git.js'
import { startHttpServer } from '../helpers/http-server.js'
import { eventOf, postHook, runHook } from './hook-events.js'

const OID = 'a'.repeat(40)

function create(t: TestScope, clock: Clock = systemClock) {
  const client = createHttpClient({ idleTimeoutMs: 5000 })
  atEnd(t, () => client.close())
  const post = createPoster({ client, clock, redactor: createRedactor() })
  const environment = { PATH: process.env['PATH'] ?? '' }
  const run = createHookRunner({ clock, post, environment, onLine: () => undefined })
  const outcomes: HookOutcome[] = []
  const ask = createBeforeHooks({ clock, run, observe: (outcome) => outcomes.push(outcome) })
  const directory = tempDir(t)
  const event = eventOf(OID, { event: 'before' })
  return {
    outcomes,
    ask: (...hooks: Hook[]) => ask(hooks, event, directory, new AbortController().signal),
  }
}

describe('before a publication', () => {
  test('a program that ends badly, or by a signal, refuses the commit', async (t) => {
    const { ask, outcomes } = create(t)
    const bad = ask(runHook('true'), runHook('sh', '-c', 'exit 3'), runHook('true'))
    await assert.rejects(bad, failsWith('refused-by-hook', /ended with exit code 3/))
    assert.deepEqual(
      outcomes.map(({ result }) => result),
      ['succeeded', 'failed'],
    )
    const killed = ask(runHook('sh', '-c', 'kill -KILL $$'))
    await assert.rejects(killed, failsWith('refused-by-hook', /was ended by SIGKILL/))
  })

  test('a program that takes too long refuses the commit', async (t) => {
    const { ask } = create(t)
    const late = ask({ ...runHook('sleep', '1000'), timeoutMs: 50 })
    await assert.rejects(late, failsWith('refused-by-hook', /was not done after 0.05 s/))
  })

  test('a program that is not there says nothing of the commit', async (t) => {
    const { ask } = create(t)
    await assert.rejects(ask(runHook('no-such-program')), failsWith('hook-failed', /ENOENT/))
  })

  test('a folder that takes no event says nothing of the commit', async (t) => {
    const { ask } = create(t)
    const { TMPDIR } = process.env
    t.after(() => {
      if (TMPDIR === undefined) delete process.env['TMPDIR']
      else process.env['TMPDIR'] = TMPDIR
    })
    process.env['TMPDIR'] = '/no/such/folder'
    await assert.rejects(ask(runHook('true')), failsWith('hook-failed', /No file can be made in/))
  })

  test('a post that is refused refuses the commit; one that is not answered does not', async (t) => {
    const clock = new FakeClock(Date.now())
    let hasCome: () => void = () => undefined
    const come = new Promise<void>((resolve) => {
      hasCome = resolve
    })
    const server = await startHttpServer(t, (request, response) => {
      if (request.url === '/hangs') return hasCome()
      response.writeHead(Number(request.url?.slice(1)))
      response.end()
    })
    const { ask } = create(t, clock)
    const late = ask({ ...postHook(`${server.url}/hangs`), timeoutMs: 4000 })
    await come
    await Promise.all([
      assert.rejects(late, failsWith('hook-failed', /had no answer after 4 s/)),
      clock.advance(4000),
    ])
    const answers = { 422: 'refused-by-hook', 429: 'rate-limited', 503: 'server-error' } as const
    for (const [status, code] of Object.entries(answers)) {
      await assert.rejects(ask(postHook(`${server.url}/${status}`)), failsWith(code))
    }
  })
})
