// What users run, line by line, with nothing changed but hosts and where their volumes are: found in
// public manifests, charts and operators.
import assert from 'node:assert/strict'
import { watch, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { assertSameTree, createRepo, type TestScope, tempDir } from '../../helpers/git.js'
import { startGitServer } from '../../helpers/git-http-server.js'
import { type GitSync, linkedTo, startGitSync } from '../../helpers/git-sync.js'
import { until } from '../../helpers/service.js'
import { startSshd } from '../../helpers/sshd.js'

interface Place {
  repo: string
  root: string
}

interface Manifest {
  it: string
  /** What ends by itself. */
  isOneTime?: boolean
  args?: (place: Place) => string[]
  env?: (place: Place) => Record<string, string>
  /** Below the root. */
  link: string
  auth?: string
}

const MANIFESTS: readonly Manifest[] = [
  {
    it: 'a deployment that fills a volume for rsync',
    env: ({ repo, root }) => ({
      GITSYNC_REPO: repo,
      GIT_SYNC_BRANCH: 'main',
      GITSYNC_ROOT: root,
      GIT_SYNC_WAIT: '60',
      GIT_SYNC_PERMISSIONS: '0',
      GITSYNC_ADD_USER: 'true',
    }),
    link: 'one.git',
  },
  {
    it: "version 3's image with user and password from a secret",
    args: ({ repo, root }) => [
      `--repo=${repo}`,
      '--branch=main',
      '--depth=1',
      `--root=${root}`,
      '--dest=repo',
    ],
    env: () => ({ GIT_SYNC_USERNAME: 'me', GIT_SYNC_PASSWORD: 'secret-word' }),
    link: 'repo',
    auth: 'me:secret-word',
  },
  {
    it: "Airflow's chart, beside the scheduler",
    env: ({ repo, root }) => ({ ...airflow(repo, root), GIT_SYNC_WAIT: '5', GITSYNC_PERIOD: '5s' }),
    link: 'repo',
  },
  {
    it: "Airflow's chart, before it",
    env: ({ repo, root }) => ({
      ...airflow(repo, root),
      GIT_SYNC_ONE_TIME: 'true',
      GITSYNC_ONE_TIME: 'true',
    }),
    link: 'repo',
    isOneTime: true,
  },
  {
    it: 'config-sync',
    args: ({ root }) => [
      `--root=${root}`,
      '--link=rev',
      '--max-failures=30',
      '--error-file=error.json',
    ],
    env: ({ repo }) => ({
      GITSYNC_REPO: repo,
      GITSYNC_REF: 'main',
      GITSYNC_DEPTH: '1',
      GITSYNC_PERIOD: '15s',
      GITSYNC_SSH: 'false',
      GITSYNC_SSH_KNOWN_HOSTS: 'false',
      GITSYNC_COOKIE_FILE: 'false',
    }),
    link: 'rev',
  },
  {
    it: "Stackable's operator",
    args: ({ repo, root }) => [
      `--repo=${repo}`,
      '--branch=main',
      '--depth=1',
      '--wait=20',
      '--dest=current',
      `--root=${root}`,
      `--git-config=safe.directory:${root},http.postBuffer:524288000`,
      '--one-time=true',
    ],
    link: 'current',
    isOneTime: true,
  },
  {
    it: 'mistyped variables beside the right ones',
    env: ({ repo, root }) => ({
      GITSYNC_REPO: repo,
      GITSYNC_BRANCH: 'nope',
      GITSYNC_DEST: 'nope',
      GITSYNC_WAIT: '1',
      GITSYNC_KNOWN_HOSTS: 'false',
      GITSYNC_USERNAME: '',
      GIT_SYNC_DEST: '',
      GIT_SYNC_PERIOD: '10',
      GIT_SYNC_PERMISSIONS: '0777',
      GITSYNC_ROOT: root,
    }),
    link: 'one.git',
  },
]

function airflow(repo: string, root: string): Record<string, string> {
  return {
    GIT_SYNC_REV: 'HEAD',
    GITSYNC_REF: 'main',
    GIT_SYNC_BRANCH: 'main',
    GIT_SYNC_REPO: repo,
    GITSYNC_REPO: repo,
    GIT_SYNC_DEPTH: '1',
    GITSYNC_DEPTH: '1',
    GIT_SYNC_ROOT: root,
    GITSYNC_ROOT: root,
    GIT_SYNC_DEST: 'repo',
    GITSYNC_LINK: 'repo',
    GIT_SYNC_ADD_USER: 'true',
    GITSYNC_ADD_USER: 'true',
    GIT_SYNC_MAX_SYNC_FAILURES: '3',
    GITSYNC_MAX_FAILURES: '3',
    GIT_KNOWN_HOSTS: 'false',
    GITSYNC_SSH_KNOWN_HOSTS: 'false',
  }
}

async function untilSynced(
  sync: GitSync,
  { isOneTime }: Pick<Manifest, 'isOneTime'>,
  link: string,
  oid: string,
) {
  if (!isOneTime) return sync.untilLinked(link, oid)
  assert.equal(await sync.exitCode(), 0, sync.stderr)
  assert.equal(linkedTo(link), oid)
}

function createPlace(t: TestScope) {
  const dir = tempDir(t)
  const repo = createRepo(path.join(dir, 'repos/one.git'))
  return {
    dir,
    repo,
    first: repo.commit('first', { a: '1', 'dags/b': 'b' }),
    root: path.join(dir, 'root'),
  }
}

for (const manifest of MANIFESTS) {
  const { args = () => [], auth, env = () => ({}), it } = manifest
  test(it, async (t) => {
    const { dir, first, repo, root } = createPlace(t)
    const server = await startGitServer(t, { root: path.join(dir, 'repos'), ...(auth && { auth }) })
    const place = { repo: `${server.url}/one.git`, root }
    const link = path.join(root, manifest.link)
    const sync = startGitSync(t, args(place), env(place))
    await untilSynced(sync, manifest, link, first)
    assertSameTree(`${link}/`, repo.dir, first)
  })
}

test("version 3's image over SSH, with single dashes", async (t) => {
  const { first, repo, root } = createPlace(t)
  const sshd = await startSshd(t)
  const args = [
    '-ssh',
    `-repo=${sshd.url(repo.dir)}`,
    `-root=${root}`,
    '-dest=html',
    '-branch=main',
    '-depth=1',
  ]
  const link = path.join(root, 'html')
  const files = { GIT_SSH_KEY_FILE: sshd.key, GIT_SSH_KNOWN_HOSTS_FILE: sshd.knownHosts }
  const sync = startGitSync(t, args, files)
  await sync.untilLinked(link, first)
  assertSameTree(`${link}/`, repo.dir, first)
  const known = path.join(path.dirname(root), 'nobody')
  writeFileSync(known, '')
  const refused = startGitSync(t, [...args, `-root=${root}-1`, '-one-time'], {
    ...files,
    GIT_SSH_KNOWN_HOSTS_FILE: known,
  })
  assert.equal(await refused.exitCode(), 1)
  const trusting = { ...files, GIT_SSH_KNOWN_HOSTS_FILE: known, GIT_KNOWN_HOSTS: 'false' }
  const other = startGitSync(t, [...args, `-root=${root}-2`, '-one-time'], trusting)
  assert.equal(await other.exitCode(), 0, other.stderr)
})

test('whoever waits for what is removed in the root hears of each change', async (t) => {
  const { dir, first, repo, root } = createPlace(t)
  const server = await startGitServer(t, { root: path.join(dir, 'repos') })
  const args = [`--repo=${server.url}/one.git`, `--root=${root}`, '--dest=repo', '--period=100ms']
  const sync = startGitSync(t, args)
  await sync.untilLinked(path.join(root, 'repo'), first)
  const seen: (string | null)[] = []
  const watcher = watch(root, (_event, name) => seen.push(name))
  t.after(() => watcher.close())
  const second = repo.commit('second', { a: '2' })
  await sync.untilLinked(path.join(root, 'repo'), second)
  await until(
    () => seen.filter((name) => name === '.git-sync-updated').length >= 2,
    'made and removed',
  )
})
