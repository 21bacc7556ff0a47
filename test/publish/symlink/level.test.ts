// What is brought level with the worktree in use, what is looked at for it, and what it costs.
import assert from 'node:assert/strict'
import {
  appendFileSync,
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { closeGate, fsError, recordCalls } from '../../helpers/fs-faults.js'
import type { CommitFiles } from '../../helpers/git-commit.js'
import type { MemoryTarget } from '../../helpers/git-target.js'
import { intactCommit } from '../../helpers/intact-commit.js'
import { publish } from '../../helpers/publish.js'
import { readTree } from '../../helpers/same-tree.js'
import { createWorktreeSite, type WorktreeSite } from '../../helpers/worktree-site.js'

const none = () => undefined
const GRACE_MS = 1000
const START = Date.parse('2024-05-01')

/** No commit but the first touches what is in `far`. */
const FILES: CommitFiles = {
  'far/a': 'a',
  'far/b': 'b',
  'far/deep/c': 'c',
  'far/run': { content: '#!', executable: true },
  'near/n': '0',
}

/** Publishes so many commits, each over its grace time when the next comes, so that all is known. */
function publishInTurns(test: WorktreeSite, files: CommitFiles, count: number): MemoryTarget[] {
  return Array.from({ length: count }, (_, n) => {
    const target = test.commit({ ...files, 'near/n': `${n}` })
    publish(test.site, target, none)
    test.tidy(GRACE_MS, START + n * 2 * GRACE_MS)
    test.tidy(GRACE_MS, START + n * 2 * GRACE_MS + GRACE_MS)
    return target
  })
}

describe('where, in a directory that no commit touched,', () => {
  const changes: Record<string, (root: string) => void> = {
    'a file was put in': (root) => writeFileSync(path.join(root, 'far/foreign'), ''),
    'a file was replaced': (root) => {
      writeFileSync(path.join(root, 'far/other'), 'x')
      renameSync(path.join(root, 'far/other'), path.join(root, 'far/a'))
    },
    'a file was removed': (root) => unlinkSync(path.join(root, 'far/a')),
    'a file became a link': (root) => {
      unlinkSync(path.join(root, 'far/a'))
      symlinkSync('b', path.join(root, 'far/a'))
    },
    'a directory was put in': (root) => mkdirSync(path.join(root, 'far/deep/foreign')),
    'a directory was removed': (root) => rmSync(path.join(root, 'far/deep'), { recursive: true }),
    'a directory became a link': (root) => {
      renameSync(path.join(root, 'far/deep'), path.join(root, '..', 'deep'))
      symlinkSync('../../deep', path.join(root, 'far/deep'))
    },
    'a directory was exchanged for an older one': (root) => {
      const spare = path.join(root, '..', 'far')
      cpSync(path.join(root, 'far'), spare, { recursive: true })
      appendFileSync(path.join(spare, 'deep/c'), ' edited')
      renameSync(path.join(root, 'far'), path.join(root, '..', 'gone'))
      renameSync(spare, path.join(root, 'far'))
    },
  }

  for (const [name, change] of Object.entries(changes)) {
    test(`${name}, a spare worktree is not what readers see next`, (t) => {
      const test = createWorktreeSite(t)
      publishInTurns(test, FILES, 5)
      const [spare = ''] = [...readTree(test.worktrees).keys()].filter((name) =>
        /^spare-[0-9a-f]{40}$/.test(name),
      )
      change(path.join(test.worktrees, spare))
      for (const n of [0, 1, 2, 3, 4]) {
        const more = test.commit({ ...FILES, 'near/n': `more ${n}` })
        publish(test.site, more, none)
        test.assertPublished(more)
        test.tidy(GRACE_MS, START)
        test.tidy(GRACE_MS, START + GRACE_MS)
      }
    })

    test(`${name}, a standby is none once it was looked at`, (t) => {
      const test = createWorktreeSite(t)
      const targets = publishInTurns(test, FILES, 5)
      change(test.standby)
      assert.equal(intactCommit(test.site), targets.at(-1)?.commit)
      assert.equal(test.standbyCommit(), undefined)
      test.tidy(GRACE_MS, START)
      test.assertStandby(targets.at(-1) as MemoryTarget)
    })
  }
})

test('an earlier worktree shows no edit again of a file of its own, though commits have the same', (t) => {
  const test = createWorktreeSite(t)
  const commits = ['1', '2', '1', '1'].map((n, at) =>
    test.commit({ ...FILES, 'far/a': n, 'near/n': `${at}` }),
  ) as [MemoryTarget, MemoryTarget, MemoryTarget, MemoryTarget]
  for (const target of commits.slice(0, 3)) {
    publish(test.site, target, none)
    test.tidy(GRACE_MS, START)
  }
  const first = path.join(test.worktreeOf(commits[0]), 'far/a')
  assert.notEqual(lstatSync(first).ino, lstatSync(test.at('far/a')).ino)
  appendFileSync(first, ' edited')
  test.tidy(GRACE_MS, START + GRACE_MS)
  for (const target of commits.slice(3)) {
    publish(test.site, target, none)
    test.assertPublished(target)
    test.tidy()
    test.assertStandby(target)
  }
})

test('where a mode was changed in a standby, it is of the published file as well, and is put right', (t) => {
  const test = createWorktreeSite(t)
  const targets = publishInTurns(test, FILES, 5)
  // It is the published file, too, in which that is found.
  chmodSync(path.join(test.standby, 'far/run'), 0o644)
  assert.equal(intactCommit(test.site), undefined)
  const last = targets.at(-1) as MemoryTarget
  publish(test.site, last, none)
  assert.equal(intactCommit(test.site), last.commit)
  test.tidy(GRACE_MS, START)
  test.assertStandby(last)
})

describe('an update by symlink, with all that is done beside it', () => {
  for (const [name, elapsedMs] of Object.entries({
    'slower than the grace time': 2 * GRACE_MS,
    'faster than the grace time': GRACE_MS / 3,
  })) {
    test(`makes as many calls in a tree of 1,200 files as in one of 400, ${name}`, (t) => {
      const counts = [400, 1_200].map((size) => {
        const test = createWorktreeSite(t)
        const files = Object.fromEntries(
          Array.from({ length: size }, (_, n) => [`far/d${n % 40}/f${n}`, `${n}`]),
        )
        let now = START
        const update = (n: number) => {
          const target = test.commit({ ...files, 'near/n': `${n}` })
          const calls = recordCalls(() => {
            publish(test.site, target, none)
            test.tidy(GRACE_MS, now)
            now += elapsedMs
            test.tidy(GRACE_MS, now)
          })
          return calls.length
        }
        // By then, each worktree was looked at once.
        for (let n = 0; n < 14; n++) update(n)
        return Math.max(...[14, 15, 16].map(update))
      })
      assert.ok(
        (counts[1] as number) <= (counts[0] as number) + 20,
        `${counts.join(' and ')} calls`,
      )
    })
  }
})

describe('an edit of a file that several worktrees share', () => {
  test('is found by a look, also after more commits, and comes back with none that follows', (t) => {
    const test = createWorktreeSite(t)
    publishInTurns(test, FILES, 5)
    appendFileSync(test.at('far/a'), ' edited')
    const publishAfter = (n: number) => {
      const target = test.commit({ ...FILES, 'near/n': `${n}` })
      publish(test.site, target, none)
      test.tidy(GRACE_MS, START + n * 2 * GRACE_MS)
      test.tidy(GRACE_MS, START + n * 2 * GRACE_MS + GRACE_MS)
      return target
    }
    publishAfter(5)
    const last = publishAfter(6)
    assert.equal(intactCommit(test.site), undefined)
    test.publish(last)
    assert.equal(intactCommit(test.site), last.commit)
    for (const n of [7, 8, 9, 10]) {
      const next = publishAfter(n)
      test.assertPublished(next)
      assert.equal(intactCommit(test.site), next.commit)
    }
  })
})

test('a spare that can be neither changed nor removed is in the way of no commit', (t) => {
  const test = createWorktreeSite(t)
  const [first, second, third, fourth] = publishInTurns(test, FILES, 3).concat(
    test.commit({ ...FILES, 'near/n': '3' }),
  ) as [MemoryTarget, MemoryTarget, MemoryTarget, MemoryTarget]
  assert.ok(first && second && third)
  // Of the directory `near` of one that is to be brought level, nothing can be changed.
  const isStuck = ({ name, paths }: { name: string; paths: string[] }) =>
    name === 'renameSync'
      ? paths[0]?.endsWith('/standby.file')
      : (name === 'unlinkSync' || name === 'rmdirSync') && /\/(?:n|near)$/.test(paths[0] ?? '')
  const open = closeGate((call) => {
    if (isStuck(call)) throw fsError('EACCES')
  })
  try {
    publish(test.site, fourth, none)
    assert.throws(() => test.tidy(GRACE_MS, START + 100 * GRACE_MS), /EACCES/)
    const fifth = test.commit({ ...FILES, 'near/n': '4' })
    publish(test.site, fifth, none)
    test.assertPublished(fifth)
  } finally {
    open()
  }
  test.tidy(0, START + 200 * GRACE_MS)
  assert.deepEqual(
    readdirSync(test.worktrees).filter(
      (name) => name.startsWith('standby.') && name !== 'standby.state',
    ),
    [],
  )
})
