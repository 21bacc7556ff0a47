// Hooks of the real program: what refuses a commit, what is told of it, and what becomes of either
// when the service ends, however it ends.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { fileScope } from '../helpers/file-scope.js'
import { assertSameTree, type TestScope } from '../helpers/git.js'
import { startHttpServer } from '../helpers/http-server.js'
import { type OneEntry, serveOneEntry } from '../helpers/one-entry.js'
import { untilDead } from '../helpers/processes.js'
import { runProgram, type Service, startService, until, writeListing } from '../helpers/service.js'
import { SharedService } from '../helpers/shared-service.js'

const RUN_HOOKS = { RUN_HOOKS: 'true' }

/** A hook that runs a script of the shell, with further arguments for it. */
const script = (text: string, ...rest: string[]) => ({ run: ['sh', '-c', text, 'sh', ...rest] })

function listAgain({ listingPath, server }: OneEntry, entry: object): void {
  writeListing(listingPath, [{ path: 'out', repo: `${server.url}/one`, ...entry }])
}

function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []
}

async function setUp(t: TestScope, entryOf: (dir: string) => object) {
  const one = await serveOneEntry(t, { files: { a: '1' }, entry: { publish: 'symlink' } })
  listAgain(one, { publish: 'symlink', ...entryOf(one.dir) })
  const start = (): Promise<Service> =>
    startService(t, { listingPath: one.listingPath, settings: RUN_HOOKS })
  return { ...one, start }
}

/** Of tests that neither signal nor stop it. */
const shared = new SharedService(fileScope(), { settings: { ...RUN_HOOKS, SCRAPE_INTERVAL: '1s' } })

async function share(name: string, entryOf: (dir: string) => object) {
  const entry = await shared.entry(name)
  entry.repo.commit('first', { a: '1' })
  const list = (fields: object) => entry.list({ publish: 'symlink', ...fields })
  // A folder for what hooks write.
  const dir = path.join(entry.dir, `${name}.hooks`)
  mkdirSync(dir)
  list(entryOf(dir))
  return { ...entry, dir, list }
}

describe('a hook before', () => {
  test('looks at the whole new worktree, and refuses what it does not like', async () => {
    const name = 'looks'
    const test = await share(name, () => ({
      before: [script('grep -q bad a && { echo "a is bad"; exit 1; }; true')],
    }))
    const service = await test.start()
    const first = test.repo.oid('HEAD')
    await service.untilPublished(name, first)
    const bad = test.repo.commit('bad', { a: 'bad', b: 'b' })
    const message = await service.untilFailed(name, 'refused-by-hook')
    assert.match(
      message,
      new RegExp(`before/0 refuses ${bad}: sh ended with exit code 1: a is bad`),
    )
    assertSameTree(test.out, test.repo.dir, first)
    const { state } = await service.entry(name)
    assert.equal(state, 'stalled')
    const good = test.repo.commit('good', { a: 'good', b: 'b' })
    await service.untilPublished(name, good)
    assertSameTree(test.out, test.repo.dir, good)
    assert.equal((await service.entry(name)).error, null)
  })

  test('that was itself wrong is asked again by SIGHUP', async (t) => {
    const test = await setUp(t, (dir) => ({
      before: [script('test -e "$1/allowed"', dir)],
    }))
    const service = await test.start()
    await service.untilFailed('out', 'refused-by-hook')
    assert.equal(existsSync(test.out), false)
    writeFileSync(path.join(test.dir, 'allowed'), '')
    service.signal('SIGHUP')
    await service.untilPublished('out', test.repo.oid('HEAD'))
  })

  test('that writes into its worktree changes nothing that is published', async () => {
    const name = 'writes'
    const test = await share(name, () => ({}))
    const service = await test.start()
    await service.untilPublished(name, test.repo.oid('HEAD'))
    test.repo.commit('second', { b: '2' })
    const second = test.repo.oid('HEAD')
    // What is to grow into the next worktree shares the files with this one by now.
    await service.untilPublished(name, second)
    test.list({ before: [script('echo torn >>a; exit 1')] })
    for (const text of ['3', '4']) {
      const oid = test.repo.commit(text, { b: text })
      await until(async () => {
        const { error } = await service.entry(name)
        return error?.message.includes(oid)
      }, 'the commit is refused')
      assertSameTree(test.out, test.repo.dir, second)
    }
  })

  test('that hangs ends with the service, and leaves what is published', async (t) => {
    const test = await setUp(t, (dir) => ({
      before: [
        script('echo "$$" >>"$1/pids"; test "$GIT_AUTOSYNC_PREVIOUS_OID" = "" || sleep 1000', dir),
      ],
    }))
    const service = await test.start()
    const first = test.repo.oid('HEAD')
    await service.untilPublished('out', first)
    const second = test.repo.commit('second', { a: '2' })
    const pids = path.join(test.dir, 'pids')
    await until(() => linesOf(pids).length === 2, 'the hook is at work')
    await service.stop()
    await untilDead([Number(linesOf(pids)[1])])
    assertSameTree(test.out, test.repo.dir, first)
    listAgain(test, { publish: 'symlink' })
    const again = await test.start()
    await again.untilPublished('out', second)
    assertSameTree(test.out, test.repo.dir, second)
  })
})

describe('a hook after', () => {
  test('starts in what is published, and is told what changed', async (t) => {
    const told: Record<string, unknown>[] = []
    const receiver = await startHttpServer(t, async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      told.push(JSON.parse(body))
      response.end()
    })
    const name = 'starts'
    const test = await share(name, (dir) => ({
      after: [
        script('echo "$GIT_AUTOSYNC_OID $(cat a)" >>"$1/log"', dir),
        { post: `${receiver.url}/published` },
        { touch: path.join(dir, 'touched') },
      ],
    }))
    const service = await test.start()
    const first = test.repo.oid('HEAD')
    const log = path.join(test.dir, 'log')
    await until(() => linesOf(log).length === 1, 'the program has run')
    const second = test.repo.commit('second "one"', { a: '2', b: 'b' })
    await until(() => linesOf(log).length === 2 && told.length === 2, 'both are told')
    assert.deepEqual(linesOf(log), [`${first} 1`, `${second} 2`])
    const { changedPaths, entry, event, oid, previousOid, subject } = told[1] ?? {}
    assert.deepEqual([event, entry, oid, previousOid], ['after', name, second, first])
    assert.deepEqual([changedPaths, subject], [['a', 'b'], 'second "one"'])
    await until(() => existsSync(path.join(test.dir, 'touched')), 'the file is touched')
    const runs = `git_autosync_hook_runs_total{entry="${name}",hook="after/0",result="succeeded"}`
    await until(async () => (await service.metric(runs)) === 2, 'both runs are counted')
  })

  test('that fails is tried again, and holds up nothing', async () => {
    const name = 'fails'
    const test = await share(name, (dir) => ({
      after: [
        {
          ...script('echo "$GIT_AUTOSYNC_OID" >>"$1/log"; echo no; test -e "$1/allowed"', dir),
          backoff: '50ms',
        },
      ],
    }))
    const service = await test.start()
    const log = path.join(test.dir, 'log')
    await until(() => linesOf(log).length >= 2, 'it was tried twice')
    const [failing, ...others] = (await service.entry(name)).failingHooks
    assert.deepEqual([failing?.hook, failing?.code, others], ['after/0', 'hook-failed', []])
    assert.match(failing?.message ?? '', /exit code 1.*no/s)
    const second = test.repo.commit('second', { a: '2' })
    await service.untilPublished(name, second)
    await until(() => linesOf(log).includes(second), 'it was tried with the newest')
    writeFileSync(path.join(test.dir, 'allowed'), '')
    const told = (text: string) =>
      service.logs.find(({ entry, message }) => entry === name && message === text)
    await until(() => told('hook done'), 'it has succeeded')
    assert.deepEqual((await service.entry(name)).failingHooks, [])
    const failed = told('hook failed')
    assert.deepEqual([failed?.['hook'], failed?.['errorCode']], ['after/0', 'hook-failed'])
    const said = told('hook says')
    assert.equal(said?.['line'], 'no')
  })

  test('that is interrupted by the end of the service is begun anew at its next start', async (t) => {
    const test = await setUp(t, (dir) => ({
      after: [script('echo "$$" >>"$1/pids"; test -e "$1/allowed" || sleep 1000', dir)],
    }))
    const pids = path.join(test.dir, 'pids')
    const service = await test.start()
    await until(() => linesOf(pids).length === 1, 'the hook is at work')
    await service.stop()
    await untilDead([Number(linesOf(pids)[0])])

    const killed = await test.start()
    await until(() => linesOf(pids).length === 2, 'the hook is at work again')
    const [, orphan] = linesOf(pids).map(Number)
    t.after(() => process.kill(-(orphan as number), 'SIGKILL'))
    killed.signal('SIGKILL')
    await killed.stop()

    writeFileSync(path.join(test.dir, 'allowed'), '')
    const third = await test.start()
    await until(() => third.logs.some(({ message }) => message === 'hook done'), 'it has succeeded')
  })

  test('is waited for by a run that ends by itself, and fails it', async (t) => {
    const test = await setUp(t, () => ({ after: [script('sleep 0.2; exit 1')] }))
    const { code, stdout } = await runProgram([], {
      LISTING_PATH: test.listingPath,
      HTTP_HOST: '127.0.0.1',
      HTTP_PORT: '0',
      ONE_TIME: 'true',
      ...RUN_HOOKS,
    })
    assert.equal(code, 1, stdout)
    assert.match(stdout, /hook failed/)
    assertSameTree(test.out, test.repo.dir, test.repo.oid('HEAD'))
  })
})

test('somebody is notified of a publication, a stall and its end, signed', async (t) => {
  const told: { type: string; subject: string; signature: boolean }[] = []
  const key = Buffer.from('0123456789abcdef0123456789abcdef')
  const receiver = await startHttpServer(t, async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { headers } = request
    const content = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
    const expected = createHmac('sha256', key).update(content).digest('base64')
    const { id, subject, type } = JSON.parse(body)
    assert.equal(headers['content-type'], 'application/cloudevents+json')
    assert.equal(headers['webhook-id'], id)
    told.push({ type, subject, signature: headers['webhook-signature'] === `v1,${expected}` })
    response.end()
  })
  const one = await serveOneEntry(t, { files: { a: '1' } })
  const secretFile = path.join(one.dir, 'secret')
  const token = 'a0b1c2d3e4f5g6h7'
  writeFileSync(secretFile, `whsec_${key.toString('base64')}\n`)
  const settings = {
    NOTIFY_URL: `${receiver.url}/hooks/T0/${token}`,
    NOTIFY_SECRET_FILE: secretFile,
  }
  const service = await startService(t, { listingPath: one.listingPath, settings })
  await service.untilPublished('out', one.repo.oid('HEAD'))
  listAgain(one, { subdir: 'no/such' })
  await service.untilFailed('out', 'subdir-not-found')
  listAgain(one, {})
  await service.untilPublished('out', one.repo.commit('second', { a: '2' }))
  const types = () => told.map(({ type }) => type.replace('io.github.git-autosync.', ''))
  await until(
    () => types().filter((type) => type === 'published').length === 2,
    async () => `two publications are told: ${types()}`,
  )
  assert.deepEqual(types(), ['published', 'stalled', 'recovered', 'published'])
  assert.ok(told.every(({ signature, subject }) => signature && subject === 'out'))
  assert.equal(JSON.stringify(service.logs).includes(token), false)
})
