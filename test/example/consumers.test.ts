// The scripts for programs that follow a published directory: what wakes them, and a
// backend that starts again at each change.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, symlinkSync, watch } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { atEnd } from '../helpers/at-end.js'
import { createRepo, type TestScope, tempDir } from '../helpers/git.js'
import { needsProgram } from '../helpers/needs.js'
import { startService, until, writeListing } from '../helpers/service.js'
import { publishInPlace, startBackend } from './backend.js'
import { complaintsOf } from './complaints.js'

const FOLDER = 'example/consumers'
const PATH = process.env['PATH'] ?? ''

/** Says which version it runs, and ends with 7 when it is asked to. */
const BACKEND = `trap 'exit 7' TERM; echo "runs $(cat "$0/version")"; while :; do sleep 0.05; done`

describe('restart-backend.sh', () => {
  for (const publish of ['symlink', 'in-place']) {
    test(`starts with the first commit, and again with each further one: ${publish}`, async (t) => {
      const dir = tempDir(t)
      const { output, stop } = startBackend(t, path.join(dir, 'app'), ['sh', '-c', BACKEND])
      const repo = createRepo(path.join(dir, 'repo'))
      repo.commit('one', { version: '1\n' })
      const listingPath = path.join(dir, 'listing.json')
      writeListing(listingPath, [{ path: 'app', repo: 'repo', publish }])
      const service = await startService(t, { listingPath })
      await until(() => output() === 'runs 1\n', 'the first commit runs')
      const second = repo.commit('two', { version: '2\n' })
      await service.untilPublished('app', second)
      const expected = `runs 1\nrestarting with ${second}\nruns 2\n`
      await until(
        () => output() === expected,
        async () => `the second commit runs: ${output()}`,
      )
      assert.equal(await stop(), 7)
      assert.equal(output(), expected)
    })
  }

  test('needs no inotifywait', async (t) => {
    const app = path.join(tempDir(t), 'app')
    publishInPlace(app, '1')
    const env = { PATH: withoutInotify(t) }
    const { output, stop } = startBackend(t, app, ['sh', '-c', BACKEND], { env })
    await until(() => output() === 'runs 1\n', 'the first commit runs')
    publishInPlace(app, '2')
    await until(
      () => output().endsWith('runs 2\n'),
      async () => output(),
    )
    assert.equal(await stop(), 7)
  })

  test('ends as the program ends', async (t) => {
    const app = path.join(tempDir(t), 'app')
    publishInPlace(app, '1')
    const { exited } = startBackend(t, app, ['sh', '-c', 'exit 3'])
    assert.equal(await exited, 3)
  })
})

test('a change of a symlink is one event in the folder above it', async (t) => {
  const dir = tempDir(t)
  const folder = path.join(dir, 'out')
  const repo = createRepo(path.join(dir, 'repo'))
  const first = repo.commit('one', { 'a/b': '1', c: '1' })
  const listingPath = path.join(dir, 'listing.json')
  writeListing(listingPath, [{ path: 'out/app', repo: 'repo', publish: 'symlink' }])
  const service = await startService(t, { listingPath })
  await service.untilPublished('out/app', first)
  const events: string[] = []
  const watcher = watch(folder, (event, name) => events.push(`${event} ${name}`))
  atEnd(t, () => watcher.close())
  const second = repo.commit('two', { 'a/b': '2', c: null, d: '2' })
  await service.untilPublished('out/app', second)
  const third = repo.commit('three', { c: '3' })
  await service.untilPublished('out/app', third)
  await until(() => events.length > 1, 'an event for each')
  assert.deepEqual(events, ['rename app', 'rename app'])
})

test('shellcheck finds nothing in the scripts', needsProgram('shellcheck'), () => {
  const scripts = readdirSync(FOLDER).filter((name) => name.endsWith('.sh'))
  assert.ok(scripts.length >= 3)
  const files = scripts.map((name) => path.join(FOLDER, name))
  assert.equal(complaintsOf('shellcheck', ['-x', ...files]), '')
})

/** A PATH with what the scripts need at least. */
function withoutInotify(t: TestScope): string {
  const folder = tempDir(t)
  for (const tool of ['sh', 'cat', 'sleep', 'basename', 'dirname', 'readlink']) {
    const place = PATH.split(':').find((each) => existsSync(path.join(each, tool))) ?? ''
    symlinkSync(path.join(place, tool), path.join(folder, tool))
  }
  return folder
}
