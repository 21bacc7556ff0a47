// What somebody made in a repository outlives each join of its packs, also where it cannot be read.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { joinPacks } from '../../../src/publish/history/join.js'
import { workIn } from '../../../src/publish/history/retire.js'
import { commitOn } from '../../helpers/commit-on.js'
import { closeGate, fsError, withGate } from '../../helpers/fs-faults.js'
import type { TestScope } from '../../helpers/git.js'
import { createHistorySite, type HistorySite } from '../../helpers/history-site.js'

const HOUR_MS = 60 * 60 * 1000

/** What no deflating makes smaller. */
const noise = (seed: number) =>
  Array.from({ length: 300 }, (_, at) =>
    createHash('sha512').update(`${seed} ${at}`).digest('base64'),
  ).join('\n')

interface Work {
  site: HistorySite
  /** What was published first. */
  first: string
  /** A commit upon that, which nothing leads to yet. */
  mine: string
}

async function createWork(t: TestScope): Promise<Work> {
  const site = createHistorySite(t)
  const first = commitOn(site.repo, { big: noise(0) }, [])
  await site.follow(first, 1)
  const mine = site.git('commit-tree', '-p', 'HEAD', '-m', 'mine', 'HEAD^{tree}')
  return { site, first, mine }
}

/** Publishes other commits, so that what was first is of no use to what is published. */
async function goOn({ first, site }: Work): Promise<void> {
  let parent = first
  for (let step = 1; step < 4; step++) {
    parent = commitOn(site.repo, { big: noise(step) }, [parent])
    await site.follow(parent, 1)
  }
  rmSync(site.at('.git/FETCH_HEAD'), { force: true })
}

/** Each call that reads what lies at a path of the site fails. */
const unreadable = (site: HistorySite, place: string, code = 'EACCES') => {
  const names: readonly string[] = ['openSync', 'readdirSync']
  return (call: { name: string; paths: string[] }) => {
    if (names.includes(call.name) && call.paths.includes(site.at(place))) throw fsError(code)
  }
}

const hasFirst = ({ first, site }: Work) => {
  try {
    site.git('cat-file', '-e', `${first}:big`)
    return true
  } catch {
    return false
  }
}

const write = (site: HistorySite, place: string, text: string) => {
  mkdirSync(path.dirname(site.at(place)), { recursive: true })
  writeFileSync(site.at(place), text)
}

test('what nothing leads to goes as packs are joined', async (t) => {
  const work = await createWork(t)
  await goOn(work)
  work.site.join(1)
  assert.equal(hasFirst(work), false)
})

const MINE = '.git/refs/heads/mine'
const branch = ({ mine, site }: Work) => write(site, MINE, `${mine}\n`)
const logOf = (mine: string) => `${'0'.repeat(40)} ${mine} me <me@example.com> 1 +0000\tcommit\n`

const KEPT: [string, (work: Work) => void, unreadable?: string][] = [
  ['a branch', branch],
  ['a branch that cannot be read', branch, MINE],
  ['branches that cannot be listed', branch, '.git/refs/heads'],
  [
    'packed refs that cannot be read',
    (work) => {
      branch(work)
      work.site.git('pack-refs', '--all')
    },
    '.git/packed-refs',
  ],
  [
    'a log that cannot be read',
    ({ mine, site }) => write(site, '.git/logs/refs/heads/gone', logOf(mine)),
    '.git/logs/refs/heads/gone',
  ],
  [
    'a merge that cannot be read',
    ({ mine, site }) => write(site, '.git/MERGE_HEAD', `${mine}\n`),
    '.git/MERGE_HEAD',
  ],
  [
    'a ref of a worktree alone',
    ({ mine, site }) => write(site, '.git/worktrees/theirs/refs/bisect/bad', `${mine}\n`),
  ],
  [
    'a pack with an index of another kind',
    (work) => {
      branch(work)
      work.site.git('-c', 'pack.indexVersion=1', 'repack', '-q', '-d')
    },
  ],
  [
    'a pack under a name of its own',
    (work) => {
      branch(work)
      const packs = work.site.at('.git/objects/pack')
      const known = new Set(readdirSync(packs))
      work.site.git('repack', '-q', '-d')
      for (const name of readdirSync(packs).filter((one) => !known.has(one))) {
        renameSync(path.join(packs, name), path.join(packs, `.tmp-1-${name}`))
      }
    },
  ],
]

describe('joining keeps what is led to by', () => {
  for (const [name, make, place] of KEPT) {
    test(name, async (t) => {
      const work = await createWork(t)
      make(work)
      await goOn(work)
      const gate = place === undefined ? () => undefined : unreadable(work.site, place)
      withGate(gate, () => work.site.join(1))
      assert.equal(hasFirst(work), true)
      assert.equal(work.site.git('fsck', '--full', '--no-dangling'), '')
    })
  }
})

describe('a pack that has no index yet', () => {
  const places = ['pack', 'promisor'].map((extension) => `pack-${'a'.repeat(40)}.${extension}`)
  const leftAt = async (t: TestScope, now: number, isKept: boolean) => {
    const { site } = await createWork(t)
    for (const name of places) write(site, `.git/objects/pack/${name}`, '')
    if (isKept) write(site, `.git/objects/pack/pack-${'a'.repeat(40)}.keep`, '')
    joinPacks(site.layout, { depth: 1, objectFormat: 'sha1', checkpoint: () => undefined, now })
    return places.filter((name) => existsSync(site.at(`.git/objects/pack/${name}`)))
  }
  const at = Date.now()

  test('stays for an hour, as it may be in the making', async (t) => {
    assert.deepEqual(await leftAt(t, at, false), places)
    assert.deepEqual(await leftAt(t, at + 100 * HOUR_MS, false), [])
  })

  test('stays while it is kept', async (t) => {
    assert.deepEqual(await leftAt(t, at + 100 * HOUR_MS, true), places)
  })
})

test('a joined pack for which there is no room leaves nothing', async (t) => {
  const work = await createWork(t)
  await goOn(work)
  const place = '.git/git-autosync.idx'
  const join = () => work.site.join(1)
  assert.throws(() => withGate(unreadable(work.site, place, 'ENOSPC'), join), { code: 'ENOSPC' })
  const names = readdirSync(work.site.at('.git'))
  assert.deepEqual(
    names.filter((name) => /\.(?:pack|idx)$/.test(name)),
    [],
  )
})

describe('settling', () => {
  test('goes on where HEAD cannot be read', async (t) => {
    const { first, site } = await createWork(t)
    const next = commitOn(site.repo, { big: 'next' }, [first])
    const open = closeGate(unreadable(site, '.git/HEAD'))
    await site.follow(next, 1).finally(open)
    assert.equal(site.git('rev-parse', 'HEAD'), next)
    assert.equal(site.git('status', '--porcelain'), '')
  })

  for (const name of ['HEAD', 'refs/heads/main', 'refs/remotes/origin/main']) {
    test(`puts ${name} back`, async (t) => {
      const { first, site } = await createWork(t)
      rmSync(site.at(`.git/${name}`))
      site.settle()
      assert.equal(site.git('rev-parse', name), first)
    })
  }

  test('has nothing to do where refs are packed', async (t) => {
    const { site } = await createWork(t)
    site.git('pack-refs', '--all')
    write(site, '.git/HEAD.lock', '')
    site.settle()
    assert.ok(existsSync(site.at('.git/HEAD.lock')))
  })
})

describe('work that no branch has is found', () => {
  const cases: [string, (work: Work) => void][] = [
    ['hooks', ({ site }) => write(site, '.git/hooks/pre-commit', '#!/bin/sh\n')],
    ...['CHERRY_PICK_HEAD', 'REVERT_HEAD', 'BISECT_LOG'].map((name): [string, typeof branch] => [
      name,
      ({ mine, site }) => write(site, `.git/${name}`, `${mine}\n`),
    ]),
    ['only a log', ({ mine, site }) => write(site, '.git/logs/refs/heads/gone', logOf(mine))],
    [
      'a merge in a worktree',
      ({ first, mine, site }) => write(site, `.git/worktrees/${first}/MERGE_HEAD`, `${mine}\n`),
    ],
  ]
  for (const [name, make] of cases) {
    test(`in ${name}`, async (t) => {
      const work = await createWork(t)
      write(work.site, '.git/hooks/pre-commit.sample', '')
      write(work.site, '.git/logs/refs/heads/main', logOf(work.first))
      assert.equal(workIn(work.site.layout), undefined)
      make(work)
      assert.ok(workIn(work.site.layout))
    })
  }

  test('where it cannot be read', async (t) => {
    const work = await createWork(t)
    branch(work)
    const look = () => assert.ok(workIn(work.site.layout))
    withGate(unreadable(work.site, MINE), look)
  })
})
