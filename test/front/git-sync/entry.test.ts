// What flags make of the one entry and its hooks, by rows.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readFlags } from '../../../src/front/git-sync/command-line.js'
import { entryOf, isPinned } from '../../../src/front/git-sync/entry.js'
import { resolveOptions } from '../../../src/front/git-sync/options.js'
import type { Entry } from '../../../src/listing/entry.js'

const OID = '0123456789abcdef0123456789abcdef01234567'
const quiet = () => undefined

function made(argv: readonly string[], port?: string): Entry {
  const read = readFlags(['--repo=https://u:p@h/one', '--root=/srv', ...argv], {}, quiet)
  const options = resolveOptions(read, '/', quiet)
  return entryOf(options, { insteadOf: [] }, { port }, { GIT_CONFIG_GLOBAL: '/c' })
}

// biome-ignore format: a table
const ROWS: readonly [argv: string[], is: Partial<Record<keyof Entry, unknown>>][] = [
  [[], { path: '/srv/one', publish: 'symlink', worktreeRoot: '/srv', history: 1, intervalMs: 10_000, gc: 'always', revision: { kind: 'head' }, before: [], after: [], clean: false, movesAside: true, ownFiles: true }],
  [['--depth=0'], { history: 'full' }],
  [['--depth=5'], { history: 5 }],
  [['--filter=blob:none'], { filter: 'blob:none' }],
  [['--git-gc=auto'], { gc: undefined }],
  [['--git-gc=aggressive'], { gc: 'always' }],
  [['--git-gc=off'], { gc: 'never' }],
  [['--in-place'], { publish: 'in-place', worktreeRoot: undefined }],
  [['--ref=main'], { revision: { kind: 'name', name: 'main' } }],
  [['--ref=refs/pull/7/head'], { revision: { kind: 'name', name: 'refs/pull/7/head' } }],
  [[`--ref=${OID.toUpperCase()}`], { revision: { kind: 'commit', oid: OID } }],
]

for (const [argv, is] of ROWS) {
  test(`the entry of ${argv.join(' ') || 'no flags'}`, () => {
    const entry = made(argv)
    for (const [field, value] of Object.entries(is))
      assert.deepEqual(entry[field as keyof Entry], value, field)
  })
}

test('submodules are recursive, unless less is asked for', () => {
  const of = (...argv: string[]) => made(argv).selection.submodules
  assert.deepEqual(
    [of(), of('--submodules=shallow'), of('--submodules=off')],
    ['recursive', 'shallow', undefined],
  )
})

test('the port of an SSH command counts for SSH alone', () => {
  assert.match(made(['--repo=git@h:one'], '2222').remote.url, /^ssh:\/\/git@h:2222\//)
  assert.equal(made([], '2222').remote.url, 'https://h/one')
})

test('whole ids alone are pinned', () => {
  for (const ref of [OID, OID.repeat(2).slice(0, 64)]) assert.ok(isPinned({ ref }))
  for (const ref of ['HEAD', OID.slice(1), `${OID}0`, 'v1']) assert.ok(!isPinned({ ref }))
})

test('the login in the address of a webhook is a header', () => {
  const rows = {
    'http://me:p%40ss%25@h/job?t={{ts}}': ['http://h/job?t={{ts}}', 'me:p@ss%'],
    'http://token@h/': ['http://h/', 'token:'],
    'https://:only@h/x': ['https://h/x', ':only'],
    'http://h/a@b': ['http://h/a@b', undefined],
    'no address': ['no address', undefined],
  }
  for (const [given, [url, login]] of Object.entries(rows)) {
    const [hook] = made([`--webhook-url=${given}`]).after
    assert.ok(hook?.kind === 'post')
    assert.equal(hook.url, url)
    const sent = hook.headers['authorization']
    const [scheme, encoded = ''] = sent?.split(' ') ?? []
    const read = scheme === 'Basic' ? Buffer.from(encoded, 'base64').toString() : undefined
    assert.equal(read, login, given)
  }
})

test('hooks are what git-sync has', () => {
  const flags = ['--exechook-command=/x', '--webhook-url=http://h/w', '--exechook-timeout=9s']
  const { after, before } = made([...flags, '--pre-publish-exechook-command=y'])
  const [exec, web] = after
  assert.deepEqual(
    [exec?.name, exec?.kind, exec?.timeoutMs, exec?.backoffMs, exec?.retry],
    ['exechook', 'run', 9000, 3000, 'fixed'],
  )
  assert.ok(exec?.kind === 'run' && web?.kind === 'post')
  assert.deepEqual(exec.environment, { GIT_CONFIG_GLOBAL: '/c', GITSYNC_HASH: '{{oid}}' })
  assert.deepEqual([web.name, web.timeoutMs, web.url], ['webhook', 1000, 'http://h/w'])
  const call = { method: 'POST', oidHeader: 'Gitsync-Hash', status: 200, redirects: 10 }
  assert.deepEqual(web.call, call)
  assert.deepEqual(
    before.map(({ isAwaited, name }) => [name, isAwaited]),
    [['pre-publish-exechook', false]],
  )
  for (const status of ['0', '-1']) {
    const [hook] = made(['--webhook-url=http://h/w', `--webhook-success-status=${status}`]).after
    assert.ok(hook?.kind === 'post')
    assert.equal(hook.call?.status, undefined)
  }
})
