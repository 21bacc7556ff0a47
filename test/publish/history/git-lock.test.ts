// Git's locks in a repository: those of a git at work are waited for, and what a kill leaves blocks nothing.
import assert from 'node:assert/strict'
import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { SyncError } from '../../../src/base/errors.js'
import { breakLocks, withLock } from '../../../src/publish/history/git-lock.js'
import { directoryHistory, linkedHistory } from '../../../src/publish/history/layout.js'
import { readRefs, settleRefs } from '../../../src/publish/history/refs.js'
import { inspect } from '../../../src/publish/publication.js'
import { directoryLayout, linkLayout, worktreeLayout } from '../../../src/publish/target.js'
import { commitOn } from '../../helpers/commit-on.js'
import { failsWith } from '../../helpers/fails-with.js'
import { volumeAt } from '../../helpers/file-at.js'
import { failAt, fsError, withGate } from '../../helpers/fs-faults.js'
import { type TestScope, tempDir } from '../../helpers/git.js'
import { createHistorySite } from '../../helpers/history-site.js'

const TAKING: readonly string[] = ['linkSync', 'openSync']

function createFiles(t: TestScope) {
  const repository = tempDir(t)
  const place = { volume: volumeAt(repository), repository }
  const file = path.join(repository, 'index')
  const lock = `${file}.lock`
  const locks = () => readdirSync(repository).filter((name) => name.endsWith('.lock'))
  return { file, lock, locks, place }
}

describe('a lock', () => {
  test('is held while the work is done, and no longer', (t) => {
    const { file, lock, locks, place } = createFiles(t)
    assert.equal(
      withLock(place, file, () => existsSync(lock)),
      true,
    )
    assert.throws(() => withLock(place, file, () => assert.fail('it')), /it/)
    assert.deepEqual(locks(), [])
  })

  test('of a git at work is waited for', (t) => {
    const { file, lock, place } = createFiles(t)
    writeFileSync(lock, 'of git')
    let tries = 0
    const gate = ({ name, paths }: { name: string; paths: string[] }) => {
      if (name !== 'linkSync' || !paths.includes(lock)) return
      if (++tries < 3) assert.equal(readFileSync(lock, 'utf8'), 'of git')
      else rmSync(lock)
    }
    const look = () => assert.equal(readFileSync(lock, 'utf8'), 'git-autosync\n')
    withGate(gate, () => withLock(place, file, look))
    assert.equal(tries, 3)
  })

  for (const [name, next] of [
    ['removed', ''],
    ['that of another git by then', 'of another git'],
  ] as const) {
    test(`that the git moved which had it before fails, and is not ${name}`, (t) => {
      const { file, lock, locks, place } = createFiles(t)
      const work = () => {
        renameSync(lock, file)
        if (next !== '') writeFileSync(lock, next)
      }
      const hold = () => withLock(place, file, work)
      assert.throws(hold, failsWith('repository-locked', /was taken by git/))
      assert.deepEqual(locks(), next === '' ? [] : ['index.lock'])
    })
  }

  test('of git that is not needed stays, however old', (t) => {
    const { lock, locks, place } = createFiles(t)
    writeFileSync(lock, 'of git')
    utimesSync(lock, 0, 0)
    breakLocks(place)
    assert.deepEqual(locks(), ['index.lock'])
  })

  test('of a git at work is waited for until it is old, by the clock that is given', (t) => {
    const { file, lock, place } = createFiles(t)
    writeFileSync(lock, 'of git')
    const startsAt = Math.ceil(statSync(lock).mtimeMs)
    let now = startsAt
    const pause = (ms: number) => {
      assert.equal(readFileSync(lock, 'utf8'), 'of git')
      now += ms
    }
    withLock({ ...place, patience: { now: () => now, pause } }, file, () => undefined)
    assert.ok(now - startsAt >= 10_000 && now - startsAt < 11_000, `${now - startsAt} ms`)
  })

  test('that is another each time is waited for so often, and no longer', (t) => {
    const { file, lock, place } = createFiles(t)
    let pauses = 0
    const pause = () => {
      rmSync(lock)
      writeFileSync(lock, `of git ${pauses++}`)
    }
    writeFileSync(lock, 'of git')
    const hold = () =>
      withLock({ ...place, patience: { now: Date.now, pause } }, file, () => assert.fail('held'))
    assert.throws(hold, failsWith('repository-locked', /again and again/))
    assert.equal(pauses, 1000)
    assert.equal(readFileSync(lock, 'utf8'), 'of git 999')
  })

  test('is waited for no longer than the work goes on', (t) => {
    const { file, lock, place } = createFiles(t)
    writeFileSync(lock, 'of git')
    const pause = () => {
      throw new SyncError('aborted', 'stopped')
    }
    const hold = () =>
      withLock({ ...place, patience: { now: Date.now, pause } }, file, () => assert.fail('held'))
    assert.throws(hold, failsWith('aborted'))
    assert.equal(readFileSync(lock, 'utf8'), 'of git')
  })

  for (const [name, seconds] of [
    ['long ago', 0],
    ['at a time to come', 4_000_000_000],
  ] as const) {
    test(`that git left ${name} is removed`, (t) => {
      const { file, lock, locks, place } = createFiles(t)
      writeFileSync(lock, 'of git')
      utimesSync(lock, seconds, seconds)
      withLock(place, file, () => undefined)
      assert.deepEqual(locks(), [])
    })
  }

  test('that a kill left is removed at once', (t) => {
    const { file, locks, place } = createFiles(t)
    let left = 0
    withLock(place, file, () => undefined)
    const work = () => place.volume.writeFile(file, 'content')
    const isKilled = (at: number) => failAt(at, 'crash', () => withLock(place, file, work))
    for (let at = 0; isKilled(at); at++) {
      left += locks().length
      breakLocks(place)
      assert.deepEqual(locks(), [])
    }
    assert.ok(left > 0)
  })

  test('is as good without links', (t) => {
    const { file, lock, locks, place } = createFiles(t)
    writeFileSync(lock, 'git-autosync\n')
    const gate = ({ name }: { name: string }) => {
      if (name === 'linkSync') throw fsError('EPERM')
    }
    const look = () => assert.deepEqual(locks(), ['index.lock'])
    withGate(gate, () => withLock(place, file, look))
    assert.deepEqual(locks(), [])
  })

  test('that is taken again and again ends in an error', (t) => {
    const { file, lock, place } = createFiles(t)
    const gate = ({ name, paths }: { name: string; paths: string[] }) => {
      if (!TAKING.includes(name) || !paths.includes(lock)) return
      writeFileSync(lock, 'of git')
      utimesSync(lock, 0, 0)
    }
    const hold = () => withGate(gate, () => withLock(place, file, () => undefined))
    assert.throws(hold, failsWith('repository-locked', /index\.lock is there again/))
  })
})

describe('refs', () => {
  test('are not written over what git has just written', async (t) => {
    const site = createHistorySite(t)
    const first = commitOn(site.repo, { a: '1' }, [])
    await site.follow(first, 1)
    const mine = site.git('commit-tree', '-p', 'HEAD', '-m', 'mine', 'HEAD^{tree}')
    const second = site.git('commit-tree', '-p', 'HEAD', '-m', 'second', 'HEAD^{tree}')
    const main = site.at('.git/refs/heads/main')
    let isWritten = false
    const gate = ({ name, paths }: { name: string; paths: string[] }) => {
      if (isWritten || name !== 'linkSync' || !paths.includes(`${main}.lock`)) return
      isWritten = true
      writeFileSync(main, `${mine}\n`)
    }
    const settle = () => settleRefs(site.layout, new Map([['refs/heads/main', second]]))
    assert.throws(
      () => withGate(gate, settle),
      failsWith('repository-locked', /was changed by git/),
    )
    settle()
    assert.equal(site.git('rev-parse', 'main', `refs/kept/${mine}`), `${second}\n${mine}`)
  })

  for (const isRemoved of [false, true]) {
    test(`are not ${isRemoved ? 'removed' : 'written'} after git has packed what it wrote`, async (t) => {
      const site = createHistorySite(t)
      const first = commitOn(site.repo, { a: '1' }, [])
      await site.follow(first, 1)
      const name = isRemoved ? 'refs/tags/v1' : 'refs/heads/main'
      const main: [string, string] = ['refs/heads/main', first]
      settleRefs(site.layout, new Map([main, [name, first]]))
      const mine = site.git('commit-tree', '-p', 'HEAD', '-m', 'mine', 'HEAD^{tree}')
      const second = site.git('commit-tree', '-p', 'HEAD', '-m', 'second', 'HEAD^{tree}')
      let isWritten = false
      const lock = site.at(isRemoved ? '.git/packed-refs.lock' : `.git/${name}.lock`)
      const gate = (call: { name: string; paths: string[] }) => {
        if (isWritten || call.name !== 'linkSync' || !call.paths.includes(lock)) return
        isWritten = true
        site.git('update-ref', name, mine)
        site.git('pack-refs', '--all')
      }
      const settle = () =>
        settleRefs(site.layout, new Map(isRemoved ? [main] : [['refs/heads/main', second]]))
      assert.throws(
        () => withGate(gate, settle),
        failsWith('repository-locked', /was changed by git/),
      )
      if (isRemoved) return
      settle()
      assert.equal(site.git('rev-parse', 'main', `refs/kept/${mine}`), `${second}\n${mine}`)
    })
  }

  test('that go are gone in one step, packed or not', async (t) => {
    const site = createHistorySite(t)
    const first = commitOn(site.repo, { a: '1' }, [])
    await site.follow(first, 1)
    const next = site.git('commit-tree', '-p', 'HEAD', '-m', 'next', 'HEAD^{tree}')
    const wanted = new Map([['refs/heads/main', first]])
    for (let at = 0; ; at++) {
      settleRefs(site.layout, new Map([...wanted, ['refs/tags/gone', first]]))
      site.git('pack-refs', '--all')
      settleRefs(site.layout, new Map([...wanted, ['refs/tags/gone', next]]))
      site.git('update-ref', 'refs/heads/mine', first)
      const isKilled = failAt(at, 'crash', () => settleRefs(site.layout, wanted))
      const found = readRefs(site.layout).get('refs/tags/gone')
      assert.ok(found === undefined || found === next, `an earlier value after step ${at}`)
      breakLocks(site.layout)
      settleRefs(site.layout, wanted)
      const names = [...readRefs(site.layout).keys()].sort()
      assert.deepEqual(names, ['refs/heads/main', 'refs/heads/mine'])
      if (!isKilled) break
    }
  })
})

test('every look and every step of a publication gives up where git has a lock and the work is to end', async (t) => {
  const site = createHistorySite(t)
  const first = commitOn(site.repo, { a: '1' }, [])
  await site.follow(first, 1)
  site.site.patience = {
    now: Date.now,
    pause() {
      throw new SyncError('aborted', 'stopped')
    },
  }
  const next = commitOn(site.repo, { a: '2' }, [first])
  const lock = site.at('.git/index.lock')
  for (const work of [() => site.publishUnsettled(next, 1), async () => inspect(site.site)]) {
    writeFileSync(lock, 'of git')
    await assert.rejects(work, failsWith('aborted'))
    rmSync(lock)
  }
  site.site.patience = undefined
  inspect(site.site)
  assert.equal(site.git('rev-parse', 'HEAD'), next)
  assert.equal(site.git('status', '--porcelain'), '')
})

test('the layouts of both modes hand on how locks are waited for', () => {
  const patience = { now: Date.now, pause: () => undefined }
  const target = {
    ...{ directory: '/volume/site', path: '/volume/site', stateRoot: undefined, patience },
    volume: volumeAt('/'),
  }
  const links = linkLayout({ ...target, mode: 'symlink' })
  const layouts = [
    directoryHistory(directoryLayout({ ...target, mode: 'in-place' })),
    linkedHistory(links),
    worktreeLayout(links, 'a'.repeat(40)),
  ]
  assert.deepEqual(
    layouts.map((layout) => layout.patience),
    [patience, patience, patience],
  )
})
