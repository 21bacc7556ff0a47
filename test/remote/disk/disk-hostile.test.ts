// A repository whose owner puts FIFOs, devices and endless files where git has files: each is
// told of in words, at once and within little memory.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { DiskSession } from '../../../src/remote/disk/disk-session.js'
import {
  createMemoryBudget,
  HeldMemory,
  hasReserve,
  helperPart,
  openPart,
} from '../../../src/thread/memory-budget.js'
import { failsWith } from '../../helpers/fails-with.js'
import { createRepo, type TestRepo, type TestScope, tempDir } from '../../helpers/git.js'
import { memoryOf } from '../../helpers/memory.js'
import { turnsDuring } from '../../helpers/turns.js'
import { fetchPack, lsRefs, open, signal } from './disk-harness.js'

function create(t: TestScope): { repo: TestRepo; oid: string; at: (name: string) => string } {
  const repo = createRepo(path.join(tempDir(t), 'repo'))
  const oid = repo.commit('first', { a: 'some text' })
  return { repo, oid, at: (name) => path.join(repo.gitDir, name) }
}

const THINGS: [string, (file: string) => void, RegExp][] = [
  ['a FIFO', (file) => execFileSync('mkfifo', [file]), /is a pipe/],
  ['a device', (file) => symlinkSync('/dev/zero', file), /is a device/],
  [
    'a sparse file',
    (file) => {
      writeFileSync(file, '')
      truncateSync(file, 2 ** 31)
    },
    /is longer than/,
  ],
]

for (const [what, put, words] of THINGS) {
  describe(`${what} in place of`, () => {
    for (const name of ['HEAD', 'config', 'commondir', 'objects/info/alternates']) {
      test(name, async (t) => {
        const { repo, at } = create(t)
        rmSync(at(name), { force: true })
        mkdirSync(path.dirname(at(name)), { recursive: true })
        put(at(name))
        await assert.rejects(lsRefs(repo.dir), failsWith('connection-failed', words))
      })
    }

    test('a ref, and packed-refs', async (t) => {
      const { repo, at } = create(t)
      put(at('packed-refs'))
      const code = what === 'a sparse file' ? 'refs-too-large' : 'connection-failed'
      await assert.rejects(lsRefs(repo.dir, 'refs/heads/'), failsWith(code))
      rmSync(at('packed-refs'))
      put(at('refs/heads/other'))
      await assert.rejects(
        lsRefs(repo.dir, 'refs/heads/'),
        failsWith('connection-failed', new RegExp(`refs/heads/other ${words.source}`)),
      )
    })

    test('a loose object', async (t) => {
      const { repo, oid, at } = create(t)
      for (const name of ['HEAD', 'HEAD:a']) {
        const found = repo.oid(name)
        const file = at(`objects/${found.slice(0, 2)}/${found.slice(2)}`)
        const content = readFileSync(file)
        rmSync(file)
        put(file)
        const code = what === 'a sparse file' ? 'pack-corrupt' : 'connection-failed'
        await assert.rejects(fetchPack(repo.dir, [oid]), failsWith(code))
        rmSync(file)
        writeFileSync(file, content)
      }
      await fetchPack(repo.dir, [oid])
    })

    test('a pack, and its index', async (t) => {
      const { repo, oid, at } = create(t)
      repo.git('gc', '-q')
      const names = readdirSync(at('objects/pack')).filter((name) => /\.(?:pack|idx)$/.test(name))
      for (const name of names) {
        const file = at(`objects/pack/${name}`)
        const content = readFileSync(file)
        chmodSync(file, 0o644)
        rmSync(file)
        put(file)
        await assert.rejects(fetchPack(repo.dir, [oid]), (error) => {
          assert.match(`${error}`, /cannot be read|is not of version 2|is damaged/)
          return true
        })
        rmSync(file)
        writeFileSync(file, content)
      }
      await fetchPack(repo.dir, [oid])
    })
  })
}

test('a FIFO in place of .git is no repository', async (t) => {
  const directory = tempDir(t)
  execFileSync('mkfifo', [path.join(directory, '.git')])
  await assert.rejects(lsRefs(directory), failsWith('repository-not-found'))
})

test('symlinks are followed, as git does', async (t) => {
  const { repo, oid, at } = create(t)
  for (const name of ['HEAD', 'config', 'refs/heads/main']) {
    writeFileSync(at('other'), readFileSync(at(name)))
    rmSync(at(name))
    symlinkSync(at('other'), at(name))
    rmSync(at('kept'), { force: true })
    assert.deepEqual(await lsRefs(repo.dir, 'refs/heads/'), [`${oid} refs/heads/main`])
    rmSync(at(name))
    writeFileSync(at(name), readFileSync(at('other')))
  }
})

test('refs in files of their own count as others do, found or not', async (t) => {
  const { repo, at } = create(t)
  for (let folder = 0; folder < 100; folder++)
    mkdirSync(at(`refs/heads/${'x'.repeat(200)}${folder}`))
  await assert.rejects(
    open(repo.dir, 20_000).listRefs(['refs/heads/'], signal),
    failsWith('refs-too-large'),
  )
  await open(repo.dir, 40_000).listRefs(['refs/heads/'], signal)
})

test('what was asked for of the packed refs is kept within the budget, and others have their turn', async (t) => {
  const { repo, at } = create(t)
  const packed = (count: number) => {
    const lines = Array.from({ length: count }, (_, n) => `${'1'.repeat(40)} refs/heads/many${n}\n`)
    writeFileSync(at('packed-refs'), lines.join(''))
  }
  packed(50_000)
  const bounds = { maxRefsBytes: 1 << 24, openMemory: () => memoryOf(1 << 20) }
  const session = new DiskSession(repo.dir, bounds)
  assert.equal((await session.listRefs(['refs/heads/many11'], signal)).length, 1111)
  await assert.rejects(
    session.listRefs(['refs/heads/'], signal),
    failsWith('refs-too-large', /MEMORY_BUDGET/),
  )
  const turns = await turnsDuring(() => open(repo.dir, 1 << 24).listRefs(['refs/heads/'], signal))
  assert.ok(turns > 10, `${turns} turns`)
})

test('a list that fits is had by whoever has all other memory', async (t) => {
  const { repo } = create(t)
  const budget = createMemoryBudget(1 << 20)
  const waiting = openPart(budget, 1 / 4)
  new HeldMemory(waiting).tryToTake(1 << 19)
  assert.ok(hasReserve(waiting))
  const bounds = { maxRefsBytes: 1 << 20, openMemory: () => openPart(budget, 1 / 4) }
  const refs = await new DiskSession(repo.dir, bounds).listRefs(['refs/heads/'], signal, waiting)
  assert.equal(refs.length, 1)
})

test('what a pack was planned in is given back before the pack is sent', async (t) => {
  const { repo, oid } = create(t)
  const sync = openPart(createMemoryBudget(1 << 20), 1 / 4)
  const request = { wants: [oid], haves: [], thinPack: false, memory: helperPart(sync, 100) }
  const { chunks } = await open(repo.dir).fetch(request, signal)
  const sent = chunks[Symbol.asyncIterator]()
  assert.ok(!(await sent.next()).done)
  assert.ok(!hasReserve(sync), 'whoever waits for the reader may be waited for by others')
  await sent.return?.()
})

test('a tag too large to be read keeps no other from being listed', async (t) => {
  const { repo, oid, at } = create(t)
  repo.git('tag', '-a', '-m', 'one', 'v1')
  writeFileSync(at('message'), 'm'.repeat(5 << 20))
  repo.git('tag', '-a', '-F', at('message'), 'notes')
  const refs = await lsRefs(repo.dir, 'refs/tags/')
  assert.deepEqual(
    refs.map((ref) => ref.slice(ref.indexOf(' ') + 1)),
    ['refs/tags/notes', `refs/tags/v1 peeled:${oid}`],
  )
})

test('symbolic refs that lead nowhere are looked for together', async (t) => {
  const { repo, at } = create(t)
  const lines = Array.from({ length: 2000 }, (_, n) => `${'1'.repeat(40)} refs/tags/t${n}\n`)
  writeFileSync(at('packed-refs'), lines.join(''))
  for (let n = 0; n < 300; n++) writeFileSync(at(`refs/heads/to${n}`), `ref: refs/heads/none${n}\n`)
  const searched = t.mock.method(Buffer.prototype, 'indexOf')
  assert.deepEqual(await lsRefs(repo.dir, 'refs/heads/to'), [])
  assert.ok(searched.mock.callCount() < 20_000, `${searched.mock.callCount()} searches`)
})

test('a line of packed-refs that never ends is not held', async (t) => {
  const { repo, at } = create(t)
  writeFileSync(at('packed-refs'), `${'1'.repeat(40)} refs/heads/${'x'.repeat(1 << 18)}`)
  await assert.rejects(
    lsRefs(repo.dir, 'refs/heads/'),
    failsWith('connection-failed', /packed-refs has a line without end/),
  )
})

test('alternates go as far as for git, and are not without number', async (t) => {
  const { repo, at } = create(t)
  const chain = Array.from({ length: 10 }, (_, n) => at(`chain${n}`))
  chain.forEach((directory, index) => {
    mkdirSync(path.join(directory, 'info'), { recursive: true })
    writeFileSync(path.join(directory, 'info/alternates'), `${chain[index + 1] ?? ''}\n`)
  })
  mkdirSync(at('objects/info'), { recursive: true })
  writeFileSync(at('objects/info/alternates'), `${chain[0]}\n`)
  assert.equal((await lsRefs(repo.dir)).length, 2)
  for (let n = 0; n < 300; n++) appendFileSync(at('objects/info/alternates'), `/none/${n}\n`)
  await assert.rejects(
    lsRefs(repo.dir),
    failsWith('connection-failed', /more than 200 directories of objects/),
  )
})

test('a tag that leads to itself ends', async (t) => {
  const { repo, at } = create(t)
  const oid = 'ab'.repeat(20)
  const body = `object ${oid}\ntype tag\ntag circle\ntagger A <a@b> 1 +0000\n\nx\n`
  mkdirSync(at('objects/ab'), { recursive: true })
  writeFileSync(at(`objects/ab/${oid.slice(2)}`), deflateSync(`tag ${body.length}\0${body}`))
  writeFileSync(at('refs/tags/circle'), `${oid}\n`)
  assert.deepEqual(await lsRefs(repo.dir, 'refs/tags/'), [`${oid} refs/tags/circle`])
  const { chunks } = await open(repo.dir).fetch({ wants: [oid], haves: [], thinPack: true }, signal)
  let bytes = 0
  for await (const chunk of chunks) bytes += chunk.length
  assert.ok(bytes > 0)
})
