// What the scenario of a shared volume promises of its writer: with a new pod, whose state
// is gone, the volume becomes equal to the commit, and what is right is left alone.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { assertSameTree, createRepo, tempDir } from '../helpers/git.js'
import { startService } from '../helpers/service.js'
import { complaintsOf } from './complaints.js'
import { containerOf, deploy } from './deployed.js'

const FOLDER = 'example/shared-volume'

test('a new pod without state removes what left the repository meanwhile', async (t) => {
  const dir = tempDir(t)
  const repo = createRepo(path.join(dir, 'repo'))
  const first = repo.commit('one', { 'dags/kept.py': 'kept', 'dags/gone.py': 'gone' })
  const start = (pod: string) => {
    const mounts = { '/dags': path.join(dir, 'volume'), '/state': path.join(dir, pod) }
    return startService(t, deploy(FOLDER, { mounts, directory: dir, repo: repo.dir }))
  }
  const ignored = ignoreFile(path.join(dir, 'volume'))
  const old = await start('old-pod')
  await old.untilPublished('team-a', first)
  assert.equal(await old.stop(), 0)

  const published = path.join(dir, 'volume', 'team-a')
  const kept = statSync(path.join(published, 'dags/kept.py'))
  const second = repo.commit('two', { 'dags/gone.py': null, 'dags/new.py': 'new' })
  const next = await start('new-pod')
  await next.untilPublished('team-a', second)
  assertSameTree(published, repo.dir, second)
  const { ino, mtimeMs } = statSync(path.join(published, 'dags/kept.py'))
  assert.deepEqual([ino, mtimeMs], [kept.ino, kept.mtimeMs])
  assert.equal(readFileSync(ignored, 'utf8'), '.git-autosync\n')
})

test('an .airflowignore that is there already stays as it is', (t) => {
  const volume = tempDir(t)
  writeFileSync(path.join(volume, '.airflowignore'), 'mine\n')
  assert.equal(readFileSync(ignoreFile(volume), 'utf8'), 'mine\n')
})

/** Runs the init container which tells Airflow what to leave alone; the file it is about. */
function ignoreFile(volume: string): string {
  const { command = [] } = containerOf(FOLDER, 'airflowignore')
  const [program = '', ...args] = command.map((text) => text.replaceAll('/dags', volume))
  mkdirSync(volume, { recursive: true })
  assert.equal(complaintsOf(program, args), '')
  return path.join(volume, '.airflowignore')
}
