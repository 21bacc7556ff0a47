// Programs that do what programs do: end well or not, hang, leave others behind, print without end.
import assert from 'node:assert/strict'
import { existsSync, realpathSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { type Clock, systemClock } from '../../src/base/clock.js'
import { runProgram } from '../../src/hooks/run-hook.js'
import { failsWith } from '../helpers/fails-with.js'
import { FakeClock } from '../helpers/fake-clock.js'
import { type TestScope, tempDir } from '../helpers/git.js'
import { isAlive, untilDead } from '../helpers/processes.js'
import { until } from '../helpers/service.js'
import { eventOf, runHook } from './hook-events.js'

interface Attempt {
  script: string
  clock?: Pick<Clock, 'schedule'>
  environment?: Record<string, string>
  signal?: AbortSignal
  onLine?: (line: string) => void
}

const OID = 'a'.repeat(40)

/** Runs a script of the shell, and returns what it prints. */
function start(t: TestScope, { script, ...attempt }: Attempt) {
  const lines: string[] = []
  const directory = tempDir(t)
  const done = runProgram(runHook('sh', '-c', script), eventOf(OID), {
    // However busy the machine is, nothing takes too long.
    clock: new FakeClock(),
    environment: { PATH: process.env['PATH'] ?? '' },
    directory,
    signal: new AbortController().signal,
    ...attempt,
    onLine: (line) => {
      lines.push(line)
      attempt.onLine?.(line)
    },
  })
  // Looked at by the test, once it has seen what it waits for.
  done.catch(() => undefined)
  return { directory, done, lines }
}

describe('a program', () => {
  test('is told what was published, and sees no secret of this service', async (t) => {
    const environment = {
      PATH: process.env['PATH'] ?? '',
      TZ: 'UTC',
      GIT_TOKEN: 'secret-token',
      NOTIFY_SECRET: 'secret',
      AWS_SECRET_ACCESS_KEY: 'secret',
    }
    const script = 'env; pwd; cat "$GIT_AUTOSYNC_EVENT_FILE"'
    const { directory, done, lines } = start(t, { script, environment })
    await done
    assert.equal(
      lines.some((line) => line.includes('secret')),
      false,
      lines.join('\n'),
    )
    for (const line of ['TZ=UTC', `GIT_AUTOSYNC_OID=${OID}`, 'GIT_AUTOSYNC_CHANGED_COUNT=1']) {
      assert.ok(lines.includes(line), line)
    }
    assert.ok(lines.includes(realpathSync(directory)))
    const event = JSON.parse(lines.at(-1) ?? '')
    assert.deepEqual([event.oid, event.previousOid, event.changedPaths], [OID, null, ['a']])
    const eventFile = lines.find((line) => line.startsWith('GIT_AUTOSYNC_EVENT_FILE='))
    assert.equal(existsSync(path.dirname(eventFile?.split('=')[1] ?? '/')), false)
  })

  test('that fails says so with its last lines', async (t) => {
    const { done } = start(t, { script: 'echo first; echo why >&2; exit 3' })
    await assert.rejects(done, failsWith('hook-failed', /exit code 3: (?:first\n)?why/))
  })

  test('that is not there says what to do', async (t) => {
    const hook = runHook('no-such-program')
    const options = {
      clock: systemClock,
      environment: { PATH: '/usr/bin:/bin' },
      directory: tempDir(t),
      signal: new AbortController().signal,
      onLine: () => undefined,
    }
    const words = /no-such-program did not start \(ENOENT\): there is no such program/
    await assert.rejects(runProgram(hook, eventOf(OID), options), failsWith('hook-failed', words))
  })

  test('gets its arguments as they are, without a shell', async (t) => {
    const lines: string[] = []
    await runProgram(runHook('echo', '$HOME; *', '`id`'), eventOf(OID), {
      clock: systemClock,
      environment: { PATH: '/usr/bin:/bin' },
      directory: tempDir(t),
      signal: new AbortController().signal,
      onLine: (line) => lines.push(line),
    })
    assert.deepEqual(lines, ['$HOME; * `id`'])
  })

  test('that hangs is killed when its time is up, and all that it started', async (t) => {
    const clock = new FakeClock()
    const script = 'sleep 1000 & echo $$ $!; wait'
    let pids: number[] = []
    const { done } = start(t, {
      clock,
      script,
      onLine: (line) => {
        pids = line.split(' ').map(Number)
        void clock.advance(30_000)
      },
    })
    await assert.rejects(done, failsWith('hook-failed', /was not done after 30 s/))
    await untilDead(pids)
    assert.equal(clock.pendingTimers, 0)
  })

  test('that hangs is killed when the work is stopped', async (t) => {
    const stop = new AbortController()
    let pids: number[] = []
    const { done } = start(t, {
      script: 'trap "" TERM; sleep 1000 & echo $$ $!; wait; wait',
      signal: stop.signal,
      onLine: (line) => {
        pids = line.split(' ').map(Number)
        stop.abort()
      },
    })
    await assert.rejects(done, failsWith('aborted'))
    await untilDead(pids)
  })

  test('that was stopped before it started does not start', async (t) => {
    const signal = AbortSignal.abort()
    const { done, lines } = start(t, { script: 'echo started', signal })
    await assert.rejects(done, failsWith('aborted'))
    assert.deepEqual(lines, [])
  })

  test('that ends well leaves nothing of its group behind', async (t) => {
    const { done, lines } = start(t, { script: 'sleep 1000 & echo $!; exit 0' })
    await done
    await untilDead([Number(lines[0])])
  })

  test('is not waited for by way of what has left its group', async (t) => {
    const clock = new FakeClock()
    const script =
      "setsid sh -c 'echo $$; exec sleep 1000' & while [ ! -e done ]; do sleep 0.02; done"
    const { directory, done, lines } = start(t, { clock, script })
    const daemon = await until(() => Number(lines[0]), 'it says which process it is')
    t.after(() => process.kill(daemon, 'SIGKILL'))
    const timers = clock.pendingTimers
    writeFileSync(path.join(directory, 'done'), '')
    // It holds the output, which is read no longer than a while.
    await until(() => clock.pendingTimers > timers, 'the program has ended')
    await clock.advance(1000)
    await done
    assert.equal(isAlive(daemon), true)
  })

  test('that prints without end costs no memory and few lines', async (t) => {
    const { done, lines } = start(t, {
      script: 'head -c 300000000 /dev/zero | tr "\\0" x; yes | head -c 100000000; echo the end',
    })
    const before = process.memoryUsage.rss()
    await done
    const grown = process.memoryUsage.rss() - before
    assert.ok(lines.length <= 201, `${lines.length} lines`)
    assert.ok(lines.every((line) => line.length <= 1001))
    assert.ok(grown < 150_000_000, `${grown} bytes`)
  })
})
