// Leases on a real volume: who has one, who waits, and what a takeover makes of the last owner.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import type { LeaseAnswer } from '../../../src/publish/lease/claim.js'
import {
  assertLease,
  decodeLease,
  encodeLease,
  type Lease,
  renewLease,
} from '../../../src/publish/lease/lease.js'
import {
  announceProcess,
  type ProcessIdentity,
} from '../../../src/publish/lease/process-identity.js'
import {
  acquireLease,
  inspect,
  lookAtLease,
  releaseLease,
  tidy,
} from '../../../src/publish/publication.js'
import type { Publication } from '../../../src/publish/publisher.js'
import type { Target } from '../../../src/publish/target.js'
import { atEnd } from '../../helpers/at-end.js'
import { failsWith } from '../../helpers/fails-with.js'
import { recordCalls, withGate } from '../../helpers/fs-faults.js'
import type { TestScope } from '../../helpers/git.js'
import { begin, publish } from '../../helpers/publish.js'
import { createSite, type SiteOptions } from '../../helpers/publish-site.js'

const none = () => undefined
const announce = () => announceProcess(randomUUID())

function create(t: TestScope, options: SiteOptions = {}) {
  const test = createSite(t, options)
  const [one, two, three] = [announce(), announce(), announce()]
  const acquire = (self: ProcessIdentity, site: Target = test.site, expired?: string) =>
    acquireLease({ target: site, self, expired })
  const hold = (self: ProcessIdentity, site: Target = test.site): Lease => {
    const answer = acquire(self, site)
    assert.equal(answer.state, 'held')
    return (answer as LeaseAnswer & { state: 'held' }).lease
  }
  /** Takes over from one whose lease stood still for long. */
  const takeOver = (self: ProcessIdentity, site: Target = test.site): Lease => {
    const waiting = acquire(self, site)
    assert.equal(waiting.state, 'waiting')
    const { seen } = waiting as LeaseAnswer & { state: 'waiting' }
    assert.equal(acquire(self, site, seen).state, 'taken')
    return hold(self, site)
  }
  return { test, one, two, three, acquire, hold, takeOver }
}

test('nothing but what is in the way of a lease is moved aside before it is held', (t) => {
  const { hold, one, test } = create(t, { mode: 'symlink' })
  const root = path.dirname(test.site.directory)
  const site = { ...test.site, movesAside: true, worktreeRoot: root }
  for (const name of ['.git', '.worktrees', '.git-autosync'])
    writeFileSync(path.join(root, name), '')
  const moved = () =>
    readdirSync(root)
      .filter((name) => name.includes('.moved-aside-'))
      .map((name) => name.replace(/-[^-]*$/, ''))
      .sort()
  const lease = hold(one, site)
  assert.deepEqual(moved(), ['.git-autosync.moved-aside'])
  inspect({ ...site, lease })
  const all = ['.git-autosync.moved-aside', '.git.moved-aside', '.worktrees.moved-aside']
  assert.deepEqual(moved(), all)
})

for (const mode of ['in-place', 'symlink'] as const) {
  describe(`a lease, ${mode}`, () => {
    test('is held by one; the others wait and know for whom', (t) => {
      const { one, two, acquire, hold } = create(t, { mode })
      const lease = hold(one)
      assert.deepEqual(hold(one), lease)
      const waiting = acquire(two) as LeaseAnswer & { state: 'waiting' }
      assert.deepEqual(
        [waiting.state, waiting.holder],
        ['waiting', `${one.host} (process ${one.pid})`],
      )
      assert.equal(waiting.seen, readFileSync(lease.file, 'utf8'))
      releaseLease(lease)
      assert.equal(existsSync(lease.file), false)
      hold(two)
    })

    test('shows a sign of life at each renewal', async (t) => {
      const { one, two, acquire, hold } = create(t, { mode })
      const lease = hold(one)
      const before = acquire(two) as LeaseAnswer & { state: 'waiting' }
      assert.equal(await renewLease(lease), true)
      const after = acquire(two, undefined, before.seen) as LeaseAnswer & { state: 'waiting' }
      assert.equal(after.state, 'waiting')
      assert.notEqual(after.seen, before.seen)
    })

    test('that stood still is taken over, and its old owner finds out', async (t) => {
      const { one, two, hold, takeOver } = create(t, { mode })
      const lease = hold(one)
      takeOver(two)
      assert.throws(() => assertLease(lease), failsWith('lease-lost'))
      assert.equal(await renewLease(lease), false)
      const before = readFileSync(lease.file, 'utf8')
      releaseLease(lease)
      assert.equal(readFileSync(lease.file, 'utf8'), before, 'it is not given back for another')
    })

    test('is one owner’s after two have taken it over at once', (t) => {
      const { one, two, three, acquire, hold } = create(t, { mode })
      hold(one)
      const { seen } = acquire(two) as LeaseAnswer & { state: 'waiting' }
      let isNested = false
      let nested: LeaseAnswer | undefined
      let outer: LeaseAnswer | undefined
      withGate(
        ({ name, paths }) => {
          // Right before the rename, after all that it depends on was found so.
          if (name !== 'renameSync' || !paths.some((each) => each.endsWith('lease'))) return
          if (isNested) return
          isNested = true
          nested = acquire(three, undefined, seen)
        },
        () => {
          outer = acquire(two, undefined, seen)
        },
      )
      assert.deepEqual([outer?.state, nested?.state], ['taken', 'taken'])
      const settled = [acquire(two), acquire(three)].map(({ state }) => state)
      assert.deepEqual(settled.sort(), ['held', 'waiting'])
    })

    test('of a process that is gone is taken over at once, of one on another machine it is not', (t) => {
      const { one, two, acquire, hold } = create(t, { mode })
      const lease = hold(one)
      for (const [change, state] of [
        [{}, 'waiting'],
        [{ id: 'gone', bootId: 'another' }, 'waiting'],
        [{ id: 'gone', networkNamespace: 'another' }, 'waiting'],
        [{ id: 'gone', networkNamespace: null }, 'waiting'],
        [{ id: 'gone' }, 'taken'],
      ] as const) {
        writeFileSync(lease.file, encodeLease({ ...one, beats: 1, ...change }))
        assert.equal(acquire(two).state, state, JSON.stringify(change))
      }
      hold(two)
    })

    test('that is torn or empty is held by somebody until it stood still for long', (t) => {
      const { one, two, acquire, hold, takeOver } = create(t, { mode })
      const { file } = hold(one)
      for (const text of ['', '{"id":"one","pid"']) {
        mkdirSync(path.dirname(file), { recursive: true })
        writeFileSync(file, text)
        assert.equal(acquire(two).state, 'waiting')
        assert.equal(acquire(two, undefined, 'something else').state, 'waiting')
        releaseLease(takeOver(two))
      }
    })

    test('is none where it is no record, which shows no life by another text', (t) => {
      const { one, two, acquire, hold } = create(t, { mode })
      const { file } = hold(one)
      writeFileSync(file, 'planted\n')
      const { seen } = acquire(two) as LeaseAnswer & { state: 'waiting' }
      writeFileSync(file, '{"planted":"again"}')
      const again = acquire(two) as LeaseAnswer & { state: 'waiting' }
      assert.deepEqual([again.state, again.seen], ['waiting', seen])
      assert.equal(acquire(two, undefined, seen).state, 'taken')
    })

    test('that somebody removes before any call of its claim is answered, and claimed at last', (t) => {
      const { one, test, acquire, hold } = create(t, { mode })
      const { file } = hold(one)
      const calls = recordCalls(() => acquire(one)).length
      for (let at = 0; at < 2 * calls; at++) {
        rmSync(file, { force: true })
        let count = 0
        const remove = () => count++ === at && rmSync(file, { force: true })
        withGate(remove, () => {
          assert.ok(['held', 'waiting'].includes(acquire(one).state), `removed before call ${at}`)
        })
      }
      assert.equal(decodeLease(readFileSync(hold(one, test.site).file, 'utf8'))?.id, one.id)
    })

    test('leaves nothing beside it, also of those that were killed while they claimed one', (t) => {
      const { one, hold } = create(t, { mode })
      const { file } = hold(one)
      writeFileSync(`${file}.killed`, '')
      hold(one)
      assert.deepEqual(readdirSync(path.dirname(file)), ['lease'])
    })

    test('that is lost stops a publication at its commit, which leaves all to the new owner', (t) => {
      const { test, one, two, hold, takeOver } = create(t, { mode })
      const first = test.commit({ a: '1', b: '1' })
      const site = { ...test.site, lease: hold(one) }
      publish(site, first, none)
      tidy(site, { graceMs: 0, now: Date.now(), checkpoint: none })
      const late = begin(site, test.commit({ a: 'late' }), none)
      const second = test.commit({ a: '2', c: '2' })
      const owned = { ...test.site }
      let publication: Publication | undefined
      withGate(
        ({ name }) => {
          // All is staged, and about to be committed.
          if (name !== 'fsyncSync' || publication) return
          Object.assign(owned, { lease: takeOver(two) })
          publication = begin(owned, second, none)
        },
        () => assert.throws(() => late.finish(), failsWith('lease-lost')),
      )
      late.abandon()
      test.assertPublished(first)
      publication?.finish()
      test.assertPublished(second)
      assert.deepEqual(inspect(owned), { commit: second.commit, drift: undefined })
      for (const job of [() => inspect(site), () => begin(site, first, none)]) {
        assert.throws(job, failsWith('lease-lost'))
      }
      test.assertPublished(second)
    })

    test('that is lost while files are renamed stops that, when long enough has passed', (t) => {
      const { test, one, two, hold, takeOver } = create(t, { mode })
      const site = { ...test.site, lease: hold(one) }
      const first = test.commit({ a: '1', b: '1', c: '1' })
      publish(site, first, none)
      const owned = { ...test.site }
      const { now } = performance
      atEnd(t, () => Object.assign(performance, { now }))
      let renames = 0
      const late = begin(site, test.commit({ a: 'late', b: 'late', c: 'late' }), none)
      withGate(
        ({ name, paths }) => {
          if (name !== 'renameSync' || !/staging\/\d/.test(paths.join()) || renames++ !== 1) return
          // As a process that is stopped, and goes on after another has taken over.
          Object.assign(owned, { lease: takeOver(two) })
          Object.assign(performance, { now: () => now.call(performance) + 60_000 })
        },
        () => assert.throws(() => late.finish(), failsWith('lease-lost')),
      )
      assert.equal(renames, 2)
      const second = test.commit({ a: '2', b: '2' })
      publish(owned, second, none)
      test.assertPublished(second)
    })
  })
}

describe('the place of a lease', () => {
  test('keeps an instance of the other mode waiting', (t) => {
    const { test, one, two, acquire, hold } = create(t)
    const site = { ...test.site, lease: hold(one) }
    publish(site, test.commit({ a: '1' }), none)
    const symlink: Target = { ...test.site, mode: 'symlink' }
    assert.equal(acquire(two, symlink).state, 'waiting')
    releaseLease(site.lease)
    const lease = hold(two, symlink)
    publish({ ...symlink, lease }, test.commit({ a: '2' }), none)
    assert.equal(acquire(one).state, 'waiting')
  })

  test('follows a change of mode', (t) => {
    const { test, one, hold } = create(t)
    const inPlace = { ...test.site, lease: hold(one) }
    publish(inPlace, test.commit({ a: '1' }), none)
    const symlink: Target = { ...inPlace, mode: 'symlink' }
    const beside = hold(one, symlink)
    assert.notEqual(beside.file, inPlace.lease.file)
    assert.equal(existsSync(inPlace.lease.file), false)
    publish({ ...symlink, lease: beside }, test.commit({ a: '2' }), none)
    const back: Target = { ...test.site, lease: beside }
    assert.equal(hold(one, back).file, beside.file, 'never in a published worktree')
    publish(back, test.commit({ a: '3' }), none)
    assert.equal(hold(one, back).file, inPlace.lease.file)
    assert.equal(existsSync(beside.file), false)
  })

  test('that cannot be written needs no lease', (t) => {
    const { one, two, acquire, hold } = create(t)
    const refuse = ({ name, isChange }: { name: string; isChange: boolean }) => {
      if (!isChange || !/open|mkdir|access/.test(name)) return
      throw Object.assign(new Error('EROFS'), { code: 'EROFS', syscall: name })
    }
    withGate(refuse, () => assert.equal(acquire(one).state, 'unwritable'))
    hold(two)
    const refuseAccess = ({ name }: { name: string }) => {
      if (name === 'accessSync') refuse({ name, isChange: true })
    }
    withGate(refuseAccess, () => assert.equal(acquire(one).state, 'unwritable'))
  })
})

test('a lease is read as it was written, and nothing else is one', () => {
  const record = { ...announce(), host: 'h'.repeat(100), beats: 12 }
  assert.equal(encodeLease(record).length, 512)
  assert.deepEqual(decodeLease(encodeLease(record).toString()), record)
  for (const text of ['', 'null', '[]', '{}', '{"id":1,"pid":1}', '{"id":"a"']) {
    assert.equal(decodeLease(text), undefined)
  }
})

for (const mode of ['in-place', 'symlink'] as const) {
  describe(`a lease of several shards, ${mode}`, () => {
    const announceShard = (index: number) => announceProcess(randomUUID(), { index, total: 3 })
    const sightOf = (self: ProcessIdentity, site: Target) => lookAtLease(site, self)

    test('names the shard, and is seen without a change', (t) => {
      const { acquire, hold, test } = create(t, { mode })
      const [one, two] = [announceShard(0), announceShard(1)]
      assert.deepEqual(sightOf(two, test.site), { state: 'absent' })
      const lease = hold(one)
      const before = readFileSync(lease.file, 'utf8')
      const holder = `${one.host} (process ${one.pid}, shard 0/3)`
      const told = { state: 'others', holder, seen: before, isShared: true }
      assert.deepEqual(sightOf(two, test.site), told)
      assert.deepEqual(sightOf(announceShard(0), test.site), { ...told, isShared: false })
      assert.deepEqual(sightOf(one, test.site), { state: 'own', isWanted: false })
      assert.equal(readFileSync(lease.file, 'utf8'), before)
      const waiting = acquire(two) as LeaseAnswer & { state: 'waiting' }
      assert.deepEqual([waiting.holder, waiting.isOfOtherShard], [holder, true])
    })

    test('that a deputy holds is wanted back by whose it is, and by no other deputy', (t) => {
      const { acquire, hold, test } = create(t, { mode })
      const [owner, deputy, other] = [announceShard(0), announceShard(1), announceShard(2)]
      const byDeputy = { ...test.site, byDeputy: true }
      const lease = hold(deputy, byDeputy)
      acquire(other, byDeputy)
      assert.deepEqual(sightOf(deputy, test.site), { state: 'own', isWanted: false })
      acquire(owner)
      acquire(owner)
      assert.deepEqual(sightOf(deputy, test.site), { state: 'own', isWanted: true })
      // A claim of its own does not make it forget that.
      hold(deputy, { ...byDeputy, lease })
      assert.deepEqual(sightOf(deputy, test.site), { state: 'own', isWanted: true })
      releaseLease(lease)
      assert.equal(existsSync(path.join(path.dirname(lease.file), 'lease-wanted')), false)
      hold(owner)
      acquire(deputy, byDeputy)
      assert.deepEqual(sightOf(owner, test.site), { state: 'own', isWanted: false })
    })

    test('that is whose it is again has no wish left', (t) => {
      const { acquire, hold, test } = create(t, { mode })
      const [owner, deputy] = [announceShard(0), announceShard(1)]
      const lease = hold(deputy, { ...test.site, byDeputy: true })
      acquire(owner)
      rmSync(lease.file)
      hold(owner)
      assert.deepEqual(sightOf(owner, test.site), { state: 'own', isWanted: false })
    })
  })
}
