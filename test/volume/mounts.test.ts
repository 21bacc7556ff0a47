// Volumes that come, go, refuse, or lie inside of what is published: nothing is torn, and once
// they are as they should be, the next attempt goes on.
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { announceProcess } from '../../src/publish/lease/process-identity.js'
import { acquireLease, inspect } from '../../src/publish/publication.js'
import type { Target } from '../../src/publish/target.js'
import { assertStillMounted, mountPointOf } from '../../src/volume/mount-points.js'
import { toVolumeError } from '../../src/volume/volume-error.js'
import { failsWith } from '../helpers/fails-with.js'
import { failAt, withGate } from '../helpers/fs-faults.js'
import { intactCommit } from '../helpers/intact-commit.js'
import { createMounts } from '../helpers/mounts.js'
import { needsMounts } from '../helpers/needs.js'
import { publish } from '../helpers/publish.js'
import { createSite, namesIn, type TestSite } from '../helpers/publish-site.js'
import { readTree, treeDifferences } from '../helpers/same-tree.js'
import { points } from '../helpers/sweep.js'

const none = () => undefined
const NOBODY = 65534
const NEEDS_MOUNTS = needsMounts()

describe('a mount inside of what is published', () => {
  for (const [what, name] of [
    ['of a file that changes', 'edited'],
    ['of a directory that gets a file', 'd'],
    ['of a directory that a file replaces', 'to-file'],
    ['in a directory that a file replaces', 'to-file/in'],
  ] as const) {
    test(`${what} stops a commit before anything is changed`, NEEDS_MOUNTS, (t) => {
      const mounts = createMounts(t)
      const test = createSite(t)
      const first = test.commit({ edited: '1', 'd/a': '1', 'to-file/in': '1', other: '1' })
      const second = test.commit({ edited: '2', 'd/a': '1', 'd/b': '1', 'to-file': '', other: '2' })
      test.publish(first)
      // Of the same volume, where only the system's list tells.
      mounts.bind(test.at(name), test.at(name))
      const attempt = () => publish(test.site, second, none)
      assert.throws(attempt, failsWith('path-blocked', /mounted by itself.*unmount it/))
      test.assertPublished(first)
      assert.equal(intactCommit(test.site), first.commit)
      mounts.unmount(test.at(name))
      test.publish(second)
    })
  }

  test('stays where the commit has nothing, and the rest is published', NEEDS_MOUNTS, (t) => {
    const mounts = createMounts(t)
    const test = createSite(t)
    test.publish({ gone: '1', other: '1' })
    const second = test.commit({ other: '2' })
    mounts.bind(test.at('gone'), test.at('gone'))
    publish(test.site, second, none)
    assert.deepEqual(namesIn(test.directory), ['.git-autosync', 'gone', 'other'])
    assert.equal(readFileSync(test.at('other'), 'utf8'), '2')
  })
})

describe('a volume at the published path itself', () => {
  test('is published to in place, and takes no symlink', NEEDS_MOUNTS, (t) => {
    const mounts = createMounts(t)
    const test = createSite(t)
    mounts.tmpfs(test.directory, 'size=1m')
    mkdirSync(test.at('lost+found'), { mode: 0o700 })
    const first = test.commit({ a: '1', 'd/b': '1' })
    for (const site of [test.site, { ...test.site, clean: true }]) {
      publish(site, first, none)
      assert.equal(intactCommit(site), first.commit)
      const names = ['.git-autosync', 'a', 'd', 'lost+found']
      assert.deepEqual(namesIn(test.directory), names)
    }
    const asLink = () => publish({ ...test.site, mode: 'symlink' }, first, none)
    assert.throws(asLink, failsWith('path-blocked', /mount point.*set publish to in-place/))
    assert.equal(intactCommit(test.site), first.commit)
    rmSync(test.at('lost+found'), { recursive: true, force: true })
    test.assertPublished(first)
  })

  for (const stateDirectory of [false, true]) {
    test(
      `that vanishes, with state ${stateDirectory ? 'apart' : 'on it'}, is waited for`,
      NEEDS_MOUNTS,
      (t) => {
        const mounts = createMounts(t)
        const test = createSite(t, { stateDirectory })
        const volume = path.join(test.outside, 'volume')
        const mountPoint = test.directory
        mkdirSync(volume)
        mkdirSync(mountPoint)
        const self = announceProcess('this one')
        const claim = (site: Target) => acquireLease({ target: site, self, expired: undefined })
        mounts.bind(volume, mountPoint)
        const answer = claim(test.site)
        assert.equal(answer.state, 'held')
        assert.ok(answer.state === 'held')
        const { lease } = answer
        assert.equal(lease.mountPoint, mountPoint)
        const first = test.commit({ a: '1', gone: '1' })
        publish({ ...test.site, lease }, first, none)

        mounts.unmount(mountPoint)
        const site = { ...test.site, mountPoint }
        assert.throws(() => claim(site), failsWith('volume-failed', /is not mounted any more/))
        assert.deepEqual(namesIn(mountPoint), [])

        mounts.bind(volume, mountPoint)
        assert.equal(claim(site).state, 'held')
        assert.deepEqual(inspect(site), { commit: first.commit, drift: undefined })
        test.publish({ a: '2' })
      },
    )
  }

  test(
    'that vanishes is published beneath by one who knows nothing of it, and is not lost',
    NEEDS_MOUNTS,
    (t) => {
      const mounts = createMounts(t)
      const test = createSite(t)
      const volume = path.join(test.outside, 'volume')
      mkdirSync(volume)
      mkdirSync(test.directory)
      const mounted = (work: () => void) => {
        mounts.bind(volume, test.directory)
        work()
        mounts.unmount(test.directory)
      }
      const first = test.commit({ a: '1', gone: '1' })
      const second = test.commit({ a: '2' })
      mounted(() => publish(test.site, first, none))
      publish(test.site, second, none)
      test.assertPublished(second)
      mounted(() => {
        assert.equal(intactCommit(test.site), first.commit)
        publish(test.site, second, none)
        test.assertPublished(second)
      })
      test.assertPublished(second)
    },
  )

  test('is found by the longest of the paths that are mounted', () => {
    const line = (at: string) => `36 35 98:0 / ${at} rw,noatime master:1 - ext3 /dev/root rw`
    const list = ['/', '/none/a', '/none', '/none/ab'].map(line).join('\n')
    assert.equal(mountPointOf('/none/a/b', list), '/none/a')
    assert.equal(mountPointOf('/none/abc', list), '/none')
    assert.equal(mountPointOf('/other', list), '/')
    assert.equal(mountPointOf('/other', ''), undefined)
  })
})

describe('a link and its root on two volumes', () => {
  for (const [what, onVolume] of [
    ['the root', 'root'],
    ['the link', 'links'],
  ] as const) {
    test(`${what} on one that is mounted`, NEEDS_MOUNTS, (t) => {
      const mounts = createMounts(t)
      const test = createSite(t, { mode: 'symlink' })
      const [root, links] = [path.join(test.volume, 'root'), path.join(test.volume, 'links')]
      mkdirSync(root)
      mkdirSync(links)
      mounts.tmpfs(path.join(test.volume, onVolume), 'size=4m')
      const directory = path.join(links, 'link')
      const self = announceProcess('this one')
      let site: Target = { ...test.site, directory, worktreeRoot: root }
      for (const a of ['1', '2', '3']) {
        const answer = acquireLease({ target: site, self, expired: undefined })
        assert.ok(answer.state === 'held')
        site = { ...site, lease: answer.lease, mountPoint: answer.lease.mountPoint }
        const target = test.commit({ a })
        publish(site, target, none)
        assert.equal(readFileSync(`${directory}/a`, 'utf8'), a)
        // Wherever somebody leads the link.
        rmSync(directory)
        symlinkSync('/', directory)
      }
      if (onVolume === 'links') return
      mounts.unmount(root)
      const claim = () => acquireLease({ target: site, self, expired: undefined })
      assert.throws(claim, failsWith('volume-failed', /is not mounted any more/))
    })
  }

  test('are gone where the system lists them no more', () => {
    const list = '36 35 98:0 / /a\\040b rw - ext3 /dev/root rw'
    assertStillMounted('/a b', list)
    assertStillMounted('/c', '')
    assertStillMounted(undefined, list)
    assert.throws(() => assertStillMounted('/c', list), failsWith('volume-failed'))
  })
})

describe('a volume that refuses', () => {
  for (const mode of ['in-place', 'symlink'] as const) {
    test(
      `as it is read-only, is as it was, and written once it is not, ${mode}`,
      NEEDS_MOUNTS,
      (t) => {
        const mounts = createMounts(t)
        const test = createSite(t, { mode })
        const first = test.commit({ a: '1', 'd/b': '1' })
        test.publish(first)
        const second = test.commit({ a: '2', 'd/c': '1' })
        mounts.bind(test.volume, test.volume, true)
        const attempt = () => publish(test.site, second, none)
        assert.throws(attempt, failsWith('volume-failed', /read-only.*mount it writable/))
        test.assertPublished(first)
        mounts.unmount(test.volume)
        test.publish(second)
      },
    )

    test(`this user, is as it was, and written once it does not, ${mode}`, (t) => {
      const test = createSite(t, { mode })
      const first = test.commit({ a: '1', 'd/b': '1' })
      test.publish(first)
      const second = test.commit({ a: '2', 'd/b': '2' })
      const attempt = () => asNobody(test, () => publish(test.site, second, none))
      assert.throws(attempt, failsWith('volume-failed', /give this process's user the right/))
      test.assertPublished(first)
      test.publish(second)
    })

    // What each of them makes a call answer, at every call of a publication.
    test(`as it is read-only from the start, is named as such, ${mode}`, NEEDS_MOUNTS, (t) => {
      const mounts = createMounts(t)
      const test = createSite(t, { mode })
      const parent = path.dirname(test.directory)
      const target = test.commit({ a: '1' })
      mkdirSync(parent, { recursive: true })
      mounts.bind(parent, parent, true)
      const attempt = () => publish(test.site, target, none)
      assert.throws(attempt, failsWith('volume-failed', /read-only.*mount it writable/))
      const self = announceProcess('it')
      const answer = acquireLease({ target: test.site, self, expired: undefined })
      assert.deepEqual(answer, { state: 'unwritable' })
    })

    for (const code of ['EACCES', 'EBUSY', 'EDQUOT', 'EROFS', 'ESTALE', 'ETXTBSY']) {
      test(`any one call with ${code} is written at the next attempt, ${mode}`, (t) => {
        const test = createSite(t, { mode })
        const commits = [
          { a: '1', 'd/b': '1', f: 'f', l: { symlink: 'a' } },
          { a: '2', d: '1', 'f/g': 'g', l: 'l' },
          { a: '3', 'd/b': '3', f: 'f', l: { symlink: 'd' } },
        ].map((files) => test.commit(files))
        test.publish(commits[0] as (typeof commits)[0])
        let count = 0
        for (const at of points(t.name, { among: 12 })) {
          const next = commits[++count % commits.length] as (typeof commits)[0]
          const hasFailed = failAt(at, 'fault', () => publishOrSay(test.site, next), code)
          try {
            publish(test.site, next, none)
            assert.deepEqual(treeDifferences(readTree(test.directory), test.checkout(next)), [])
            assert.equal(intactCommit(test.site), next.commit)
          } catch (error) {
            throw new Error(`after ${code} at call ${at}`, { cause: error })
          }
          if (!hasFailed) break
        }
        assert.ok(count > 1, 'no call failed')
      })
    }
  }
})

describe('files that a program has open on NFS', () => {
  test('hold up a file in place of their directory, until they vanish', (t) => {
    const test = createSite(t)
    const first = test.commit({ 'd/a': '1', 'd/e/b': '1' })
    test.publish(first)
    const second = test.commit({ d: 'file' })
    const open = test.at('d/e/.nfs0000000002a1b2c300000001')
    writeFileSync(open, '')
    const attempt = () => publish(test.site, second, none)
    assert.throws(attempt, failsWith('path-blocked', /d\/e\/\.nfs\w+\); they vanish when/))
    assert.equal(intactCommit(test.site), first.commit)
    writeFileSync(test.at('d/mine'), '')
    assert.throws(attempt, failsWith('path-blocked', /d\/mine\); move them away/))
    rmSync(test.at('d/mine'))
    rmSync(open)
    test.publish(second)
  })

  test('appear where a file that is open is removed, and hold up only what they are in', (t) => {
    const test = createSite(t)
    test.publish({ 'd/a': '1', other: '1' })
    const second = test.commit({ d: 'file', other: '2' })
    const open = test.at('d/.nfs0000000002a1b2c300000001')
    const sillyRename = () =>
      withGate(
        ({ name, paths }) => {
          if (name === 'unlinkSync' && paths[0] === test.at('d/a')) writeFileSync(open, '')
        },
        () => publish(test.site, second, none),
      )
    assert.throws(sillyRename, failsWith('path-blocked'))
    assert.equal(readFileSync(test.at('other'), 'utf8'), '2')
    const attempt = () => publish(test.site, second, none)
    assert.throws(attempt, failsWith('path-blocked', /still has open/))
    rmSync(open)
    test.publish(second)
  })
})

/** A fault of the volume is said as one, whatever it is. */
function publishOrSay(site: Target, target: Parameters<typeof publish>[1]): void {
  try {
    publish(site, target, none)
  } catch (error) {
    assert.equal(toVolumeError(error, site.directory), error)
  }
}

function asNobody(test: TestSite, work: () => void): void {
  if (process.geteuid?.() !== 0) {
    const directories = [test.volume, test.directory].filter((each) => namesIn(each))
    for (const directory of directories) chmodSync(directory, 0o555)
    try {
      work()
    } finally {
      for (const directory of directories) chmodSync(directory, 0o755)
    }
    return
  }
  chmodSync(path.dirname(test.volume), 0o755)
  process.seteuid?.(NOBODY)
  try {
    work()
  } finally {
    process.seteuid?.(0)
  }
}
