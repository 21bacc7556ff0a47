import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { failsWith } from '../../helpers/fails-with.js'
import { assertSameTree, createRepo, git, type TestRepo, tempDir } from '../../helpers/git.js'
import { fetchPack, lsRefs, open, Receiver, signal } from './disk-harness.js'

const FILES = {
  'read me.txt': 'hello\n',
  'src/main.c': 'int main;\n'.repeat(500),
  'src/deep/er/file': Buffer.from([0, 255, 13, 10]),
  'src/copy.c': 'int main;\n'.repeat(500),
  run: { content: '#!/bin/sh\n', executable: true },
  link: { symlink: 'src/main.c' },
  empty: '',
}

function fillRepo(repo: TestRepo): { first: string; second: string } {
  const first = repo.commit('first', FILES)
  const second = repo.commit('second', { 'src/main.c': `${'int main;\n'.repeat(500)}// new\n` })
  return { first, second }
}

for (const form of ['working tree', 'bare', 'linked worktree', 'submodule-like .git file']) {
  for (const storage of ['loose', 'packed']) {
    test(`serves a ${form}, ${storage}`, async (t) => {
      const root = tempDir(t)
      const repo = createRepo(path.join(root, 'repo'), { bare: form === 'bare' })
      const { first, second } = fillRepo(repo)
      repo.git('tag', '-a', '-m', 'words', 'v1', first)
      if (storage === 'packed') repo.git('gc', '-q', '--prune=now')
      let dir = repo.dir
      if (form === 'linked worktree') {
        dir = path.join(root, 'linked')
        repo.git('worktree', 'add', '-q', dir, '-b', 'side', first)
      } else if (form.startsWith('submodule')) {
        renameSync(repo.gitDir, path.join(root, 'elsewhere'))
        writeFileSync(path.join(dir, '.git'), 'gitdir: ../elsewhere\n')
      }
      const [head] = await lsRefs(dir, 'HEAD')
      const isLinked = form === 'linked worktree'
      const branch = isLinked
        ? `${first} HEAD symref-target:refs/heads/side`
        : `${second} HEAD symref-target:refs/heads/main`
      assert.equal(head, branch)
      const refs = await lsRefs(dir, 'refs/')
      assert.ok(refs.includes(`${second} refs/heads/main`))
      assert.ok(refs.some((line) => line.endsWith(` refs/tags/v1 peeled:${first}`)))

      const receiver = new Receiver(root)
      const fetched = await fetchPack(dir, [second])
      assert.equal(receiver.receive(fetched), 1 + 4 + 7)
      receiver.check(second)
      const tree = path.join(root, 'tree')
      mkdirSync(tree)
      receiver.repo.gitBytes(['checkout', '-f', second, '--', '.'], {
        env: { GIT_WORK_TREE: tree },
      })
      assertSameTree(tree, dir, second)
    })
  }
}

test('leaves blobs out that are not wanted by their oid', async (t) => {
  const root = tempDir(t)
  const repo = createRepo(path.join(root, 'repo'))
  const { second } = fillRepo(repo)
  const receiver = new Receiver(root)
  const withoutBlobs = { withoutBlobs: true }
  const fetched = await fetchPack(repo.dir, [second], [], withoutBlobs)
  assert.equal(fetched.pack.readUInt32BE(8), 1 + 4, 'the commit and its trees')
  const blobs = git(repo.dir, 'rev-parse', `${second}:src/main.c`, `${second}:run`).split('\n')
  assert.equal(receiver.receive(await fetchPack(repo.dir, blobs, [], withoutBlobs)), 2)
  assert.deepEqual(
    blobs.map((oid) => receiver.repo.git('cat-file', '-t', oid)),
    ['blob', 'blob'],
  )
})

test('an update costs what changed', async (t) => {
  const root = tempDir(t)
  const repo = createRepo(path.join(root, 'repo'))
  const { first, second } = fillRepo(repo)
  const moved = repo.commit('moved', { 'read me.txt': null, 'src/deep/moved': 'hello\n' })
  const receiver = new Receiver(root)
  receiver.receive(await fetchPack(repo.dir, [first]))
  // The commit, two trees, one blob.
  assert.equal(receiver.receive(await fetchPack(repo.dir, [second], [first])), 4)
  // The commit and three trees: the blob is there under another name.
  assert.equal(receiver.receive(await fetchPack(repo.dir, [moved], [second])), 4)
  receiver.check(moved)
  // A revert brings back nothing but the commit; the same again brings nothing at all.
  const reverted = repo.commit('reverted', { 'read me.txt': 'hello\n', 'src/deep/moved': null })
  assert.equal(receiver.receive(await fetchPack(repo.dir, [reverted], [second])), 1)
  assert.equal(receiver.receive(await fetchPack(repo.dir, [reverted], [reverted])), 0)
  // What the repository does not know is no help, and no harm.
  const full = await fetchPack(repo.dir, [reverted], ['0123456789'.repeat(4)])
  assert.equal(full.pack.readUInt32BE(8), 1 + 4 + 7)
})

test('serves a tag by its own oid, a tree, a blob, and several at once', async (t) => {
  const root = tempDir(t)
  const repo = createRepo(path.join(root, 'repo'))
  const { first, second } = fillRepo(repo)
  repo.git('tag', '-a', '-m', 'inner', 'inner', second)
  repo.git('tag', '-a', '-m', 'outer', 'outer', 'inner')
  const receiver = new Receiver(root)
  const tag = await fetchPack(repo.dir, [repo.oid('outer')])
  assert.equal(receiver.receive(tag), 2 + 1 + 4 + 7)
  receiver.check(repo.oid('outer'))

  const parts = [repo.oid('HEAD:src/deep'), repo.oid('HEAD:run')]
  assert.equal((await fetchPack(repo.dir, parts)).pack.readUInt32BE(8), 4)
  const both = await fetchPack(repo.dir, [first, second, first])
  assert.equal(receiver.receive(both), 2 + 6 + 7)
})

test('reads deltas, chains of them across packs, and what others lend', async (t) => {
  const root = tempDir(t)
  const repo = createRepo(path.join(root, 'lender'))
  const text = Array.from({ length: 4000 }, (_, line) => `line ${line} ${line * 7919}\n`)
  for (let round = 0; round < 12; round++) {
    text[round * 100] = `changed in round ${round}\n`
    repo.commit(`round ${round}`, { 'big.txt': text.join(''), [`n${round}`]: String(round) })
  }
  repo.git('repack', '-adfq', '--depth=50', '--window=50')
  const chains = repo
    .git('verify-pack', '-v', ...packsOf(repo.gitDir))
    .match(/chain length = (\d+)/g)
  assert.ok((chains?.length ?? 0) >= 5)

  const borrower = path.join(root, 'borrower')
  git(root, 'clone', '-q', '--shared', repo.dir, borrower)
  writeFileSync(path.join(borrower, 'own.txt'), 'own')
  git(borrower, 'add', '.')
  git(borrower, 'commit', '-qm', 'own')
  git(borrower, 'repack', '-dlq')

  const receiver = new Receiver(root)
  for (const revision of ['HEAD', 'HEAD~1', 'HEAD~6', 'HEAD~11']) {
    const oid = git(borrower, 'rev-parse', revision)
    receiver.receive(await fetchPack(borrower, [oid]))
    receiver.check(oid)
  }
})

test('sends history that has a tree of a mode that git does not know', async (t) => {
  const root = tempDir(t)
  const repo = createRepo(path.join(root, 'repo'))
  const first = repo.commit('first', { f: 'x' })
  const input = Buffer.concat([Buffer.from('0644 f\0'), Buffer.from(repo.oid('HEAD:f'), 'hex')])
  const args = ['hash-object', '-t', 'tree', '-w', '--literally', '--stdin']
  const tree = repo.gitBytes(args, { input }).toString().trim()
  const odd = repo.git('commit-tree', '-m', 'odd', '-p', first, tree)
  const even = repo.git('commit-tree', '-m', 'even', '-p', odd, `${first}^{tree}`)
  const { pack } = await fetchPack(repo.dir, [even], [], { depth: 3 })
  const expected = repo.git('rev-list', '--objects', even).split('\n')
  assert.equal(pack.readUInt32BE(8), expected.length)
})

test('sends a delta as it is stored where its base goes along, also from several packs', async (t) => {
  const root = tempDir(t)
  const repo = createRepo(path.join(root, 'repo'))
  const text = Array.from({ length: 2000 }, (_, line) => `line ${line} ${line * 7919}\n`)
  const commit = (round: number) => {
    text[round * 100] = `changed in round ${round}\n`
    return repo.commit(`round ${round}`, { 'big.txt': text.join(''), [`n${round}`]: `${round}` })
  }
  for (let round = 0; round < 6; round++) commit(round)
  repo.git('repack', '-adfq')
  const stored = statSync(packsOf(repo.gitDir)[0]?.replace(/idx$/, 'pack') as string).size
  const before = repo.oid('HEAD')
  const fetched = await fetchPack(repo.dir, [before], [], { depth: 6 })
  assert.ok(fetched.pack.length <= 1.02 * stored, `${fetched.pack.length} bytes of ${stored}`)
  const receiver = new Receiver(root)
  receiver.receive(fetched)
  receiver.check(before)

  // What was packed before is there twice, each time as a delta of something else.
  for (let round = 6; round < 12; round++) commit(round)
  const all = repo.git('rev-list', '--objects', '--no-object-names', 'HEAD')
  const base = path.join(repo.gitDir, 'objects/pack/pack')
  const input = Buffer.from(`${all}\n`)
  repo.gitBytes(['pack-objects', '-q', '--no-reuse-delta', '--window=3', base], { input })
  for (const depth of [2, 7, 12]) {
    const again = new Receiver(tempDir(t))
    const oid = repo.oid('HEAD')
    const { commits, pack } = await fetchPack(repo.dir, [oid], [], { depth })
    const ends = repo.git('rev-list', `--max-count=${depth}`, oid).split('\n')
    again.receive({ commits: [...commits, ...ends], pack })
    again.check(oid)
  }
})

test('large blobs, loose and packed, come through', async (t) => {
  const root = tempDir(t)
  const repo = createRepo(path.join(root, 'repo'))
  const oid = repo.commit('large', {
    random: randomBytes(3 << 20),
    zeros: Buffer.alloc(20 << 20),
    text: 'all work and no play\n'.repeat(200_000),
  })
  const receiver = new Receiver(root)
  receiver.receive(await fetchPack(repo.dir, [oid]))
  receiver.check(oid)
  repo.git('-c', 'core.bigFileThreshold=1k', 'gc', '-q')
  rmSync(receiver.repo.dir, { recursive: true })
  const again = new Receiver(root)
  again.receive(await fetchPack(repo.dir, [oid]))
  again.check(oid)
})

test('finds any object among many', async (t) => {
  const root = tempDir(t)
  const repo = createRepo(path.join(root, 'repo'))
  const files = Object.fromEntries(
    Array.from({ length: 3000 }, (_, index) => [`d${index % 50}/f${index}`, `content ${index}`]),
  )
  const oid = repo.commit('many', files)
  repo.git('gc', '-q')
  const receiver = new Receiver(root)
  assert.equal(receiver.receive(await fetchPack(repo.dir, [oid])), 3052)
  receiver.check(oid)
})

test('lists refs as real git does', async (t) => {
  const root = tempDir(t)
  const repo = createRepo(path.join(root, 'repo'))
  const { first, second } = fillRepo(repo)
  repo.git('tag', 'light', first)
  repo.git('tag', '-a', '-m', 'x', 'packed-tag', first)
  repo.git('branch', 'feature/one', first)
  repo.git('branch', 'moving', first)
  repo.git('symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/heads/main')
  repo.git('pack-refs', '--all')
  repo.git('update-ref', 'refs/heads/moving', second)
  repo.git('tag', '-a', '-m', 'x', 'loose-tag', second)
  repo.git('branch', 'feature/two', second)
  writeFileSync(path.join(repo.gitDir, 'refs/heads/broken'), 'nonsense\n')
  writeFileSync(path.join(repo.gitDir, 'refs/heads/main.lock'), '')

  const expected = repo.git(
    'for-each-ref',
    '--format=%(objectname) %(refname)%(if)%(symref)%(then) symref-target:%(symref)%(end)%(if)%(*objectname)%(then) peeled:%(*objectname)%(end)',
  )
  const head = `${second} HEAD symref-target:refs/heads/main`
  const all = [head, ...expected.split('\n')]
  assert.deepEqual(await lsRefs(repo.dir), all)
  assert.deepEqual(await lsRefs(repo.dir, ''), all)
  for (const prefixes of [
    ['refs/heads/main'],
    ['HEAD', 'refs/heads/fea', 'refs/heads/feature/one'],
    ['refs/tags/'],
    ['ref'],
    ['refs/heads/none/'],
    ['refs/../../x', '../HEAD'],
  ]) {
    const names = (line: string) =>
      prefixes.some((prefix) => line.split(' ')[1]?.startsWith(prefix))
    assert.deepEqual(await lsRefs(repo.dir, ...prefixes), all.filter(names), prefixes.join())
  }
})

test('lists refs as real git does, however many are packed', async (t) => {
  const repo = createRepo(path.join(tempDir(t), 'repo'))
  const commit = repo.commit('first')
  const tags = Array.from({ length: 3000 }, (_, n) =>
    n % 3 === 0
      ? `reset refs/tags/light-${n}\nfrom ${commit}\n\n`
      : `tag annotated-${n}\nfrom ${commit}\ntagger A <a@b> 1 +0000\ndata 1\nx\n`,
  )
  repo.gitBytes(['fast-import', '--quiet'], { input: Buffer.from(tags.join('')) })
  repo.git('pack-refs', '--all')
  const format =
    '--format=%(objectname) %(refname)%(if)%(*objectname)%(then) peeled:%(*objectname)%(end)'
  const expected = repo.git('for-each-ref', format, 'refs/tags').split('\n')
  assert.deepEqual(await lsRefs(repo.dir, 'refs/tags/'), expected)
  // More symbolic refs, each to a packed one of its own, than are searched one by one.
  for (let n = 0; n < 60; n += 3) {
    repo.git('symbolic-ref', `refs/heads/to-${n}`, `refs/tags/light-${n}`)
  }
  const symrefs = repo.git('for-each-ref', '--format=%(refname)', 'refs/heads/to-*').split('\n')
  assert.deepEqual(
    await lsRefs(repo.dir, 'refs/heads/to-'),
    symrefs.map((name) => {
      const target = name.replace('heads/to', 'tags/light')
      return `${commit} ${name} symref-target:${target}`
    }),
  )
})

test('refs that take more than the bound are refused', async (t) => {
  const repo = createRepo(path.join(tempDir(t), 'repo'))
  repo.commit('first')
  for (let number = 0; number < 10; number++) repo.git('branch', `branch-${number}`)
  assert.equal((await open(repo.dir, 2000).listRefs(['refs/'], signal)).length, 11)
  await assert.rejects(
    open(repo.dir, 900).listRefs(['refs/'], signal),
    failsWith('refs-too-large', /MAX_REFS_BYTES \(900 bytes\)/),
  )
  assert.equal((await open(repo.dir, 900).listRefs(['refs/heads/main'], signal)).length, 1)
})

test('what tags peel to is told however many there are', async (t) => {
  const repo = createRepo(path.join(tempDir(t), 'repo'))
  const commit = repo.commit('first')
  repo.git('tag', '-a', '-m', 'x', 'first')
  const session = open(repo.dir, 1 << 22)
  const peeledOf = async (name: string) => {
    const refs = await session.listRefs(['refs/tags/'], signal)
    return refs.find((ref) => ref.name === name)?.peeled
  }
  assert.equal(await peeledOf('refs/tags/first'), commit)
  // Of which nobody knows what they peel to.
  const texts = Array.from({ length: 10_000 }, (_, index) => String(index))
  const stream = texts.map((text) => `blob\ndata ${text.length}\n${text}\n`).join('')
  repo.gitBytes(['fast-import', '--quiet'], { input: Buffer.from(stream) })
  const lines = texts.map((text) => `${blobOid(text)} refs/tags/${text}\n`)
  writeFileSync(path.join(repo.gitDir, 'packed-refs'), lines.sort().join(''))
  repo.git('tag', '-a', '-m', 'x', 'second')
  assert.equal(await peeledOf('refs/tags/first'), commit)
  assert.equal(await peeledOf('refs/tags/second'), commit)
})

test('an unborn HEAD is no ref, and a detached one is told as it is', async (t) => {
  const repo = createRepo(path.join(tempDir(t), 'repo'))
  assert.deepEqual(await lsRefs(repo.dir), [])
  const oid = repo.commit('first')
  repo.git('checkout', '-q', '--detach')
  assert.deepEqual(await lsRefs(repo.dir, 'HEAD'), [`${oid} HEAD`])
})

function blobOid(text: string): string {
  return createHash('sha1').update(`blob ${text.length}\0${text}`).digest('hex')
}

function packsOf(gitDir: string): string[] {
  const folder = path.join(gitDir, 'objects/pack')
  return readdirSync(folder)
    .filter((name) => name.endsWith('.idx'))
    .map((name) => path.join(folder, name))
}
