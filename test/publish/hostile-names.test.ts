// Trees that attack, each beside what real git says of it: `git fsck --strict`, and a
// checkout that guards against every file system. Where git writes what we refuse, or the
// other way round, the table says so.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { deflateSync } from 'node:zlib'
import type { ErrorCode } from '../../src/base/errors.js'
import { hashObject } from '../../src/git/object.js'
import { failsWith } from '../helpers/fails-with.js'
import { createRepo, type TestRepo, type TestScope, tempDir } from '../helpers/git.js'
import { gitEnvironment } from '../helpers/git-command.js'
import { assemblePack, blob } from '../helpers/packs.js'
import { checkedOutTree, readTree, treeDifferences } from '../helpers/same-tree.js'
import { IS_WHOLE } from '../helpers/seed.js'
import { createUnpackSite } from '../helpers/unpack-site.js'

/** What fsck names the fault, or nothing; and whether git's checkout takes the tree. */
interface Verdict {
  fsck?: string
  checkout: 'refused' | 'written'
}

interface Attack {
  /** Mode, name, and what it names: a blob unless the mode is that of a tree. */
  entries: readonly (readonly [mode: string, name: string])[]
  git: Verdict
  /** The code it is refused with here; none where it is published. */
  code?: ErrorCode
}

const file = blob('content, or the target of a symlink')
const inner = treeOf([['100644', 'inner']])
const EMPTY_SITE = { kept: 'what was published before' }

const refused = (fsck?: string): Verdict => ({
  ...(fsck === undefined ? {} : { fsck }),
  checkout: 'refused',
})
const written = (fsck?: string): Verdict => ({ ...refused(fsck), checkout: 'written' })

/** Names that are refused whatever they name. */
const NAMES: Record<string, Verdict> = {
  '..': refused('hasDotdot'),
  '.': refused('hasDot'),
  '': refused('badTree'),
  'a/b': written('fullPathname'),
  '/etc': refused('fullPathname'),
  '../up': refused('fullPathname'),
  '.git': refused('hasDotgit'),
  '.GIT': refused('hasDotgit'),
  '.gIt': refused('hasDotgit'),
  '.git ': refused('hasDotgit'),
  '.git.': refused('hasDotgit'),
  '.git. . ': refused('hasDotgit'),
  'git~1': refused('hasDotgit'),
  'GIT~1': refused('hasDotgit'),
  'git~1.': refused('hasDotgit'),
  '.git::$INDEX_ALLOCATION': refused('hasDotgit'),
  '.git:stream': refused('hasDotgit'),
  '.git\\config': refused('hasDotgit'),
  '.GiT\u200c': refused('hasDotgit'),
  '\u200d.git': refused('hasDotgit'),
  '.g\u206ai\u202et': refused('hasDotgit'),
  '.git\ufeff': refused('hasDotgit'),
  ['x'.repeat(256)]: refused(),
  // This service's own: nothing to git.
  '.git-autosync': written(),
  '.GIT-AutoSync.': written(),
  '.git-auto\u200csync': written(),
  'git-au~1': written(),
}

const ATTACKS: Record<string, Attack> = {
  'a name twice': {
    entries: [
      ['100644', 'x'],
      ['100755', 'x'],
    ],
    git: written('duplicateEntries'),
    code: 'unsafe-tree',
  },
  'a symlink followed by a directory of its name': {
    entries: [
      ['120000', 'x'],
      ['40000', 'x'],
    ],
    git: written('duplicateEntries'),
    code: 'unsafe-tree',
  },
  'a file followed by a directory of its name, with another between them': {
    entries: [
      ['100644', 'x'],
      ['100644', 'x-'],
      ['40000', 'x'],
    ],
    git: written('duplicateEntries'),
    code: 'unsafe-tree',
  },
  'entries out of order': {
    entries: [
      ['100644', 'y'],
      ['100644', 'x'],
    ],
    git: written('treeNotSorted'),
    code: 'unsafe-tree',
  },
  'a directory sorted as if it were a file': {
    entries: [
      ['40000', 'x'],
      ['100644', 'x-'],
    ],
    git: written('treeNotSorted'),
    code: 'unsafe-tree',
  },
  'a mode of no kind of file': {
    entries: [['60000', 'device']],
    git: written('badFilemode'),
    code: 'unsafe-tree',
  },
  'a mode without a kind': {
    entries: [['644', 'x']],
    git: written('badFilemode'),
    code: 'unsafe-tree',
  },
  'a mode that is no number': {
    entries: [['10o644', 'x']],
    git: refused('badTree'),
    code: 'unsafe-tree',
  },
  'a mode that is empty': {
    entries: [['', 'x']],
    git: refused('badTree'),
    code: 'pack-corrupt',
  },
  'a directory that is named as a file': {
    entries: [['100644', 'tree']],
    git: refused(),
    code: 'pack-corrupt',
  },
  'a file that is named as a directory': {
    entries: [['40000', 'blob']],
    git: refused(),
    code: 'pack-corrupt',
  },
  // What fsck only frowns at is published as git writes it.
  'a mode that starts with zeros': {
    entries: [['040000', 'x']],
    git: written('zeroPaddedFilemode'),
  },
  'the modes of an old git': {
    entries: [
      ['100664', 'x'],
      ['100600', 'y'],
    ],
    git: written('badFilemode'),
  },
}
for (const [at, [name, git]] of Object.entries(NAMES).entries()) {
  for (const [index, mode] of ['100644', '120000', '160000', '40000'].entries()) {
    // In a sweep each name has each mode, else two of them in turn.
    if (!IS_WHOLE && (at + index) % 2 === 1) continue
    const shown = JSON.stringify(name.length > 40 ? `${name.slice(0, 5)}…` : name)
    const attack: Attack = { entries: [[mode, name]], git, code: 'unsafe-tree' }
    ATTACKS[`${shown} of mode ${mode}`] = attack
  }
}

/** A repository that holds every tree, and what fsck says of each by its oid. */
function plant(t: TestScope): { repo: TestRepo; faults: ReadonlyMap<string, string[]> } {
  const repo = createRepo(path.join(tempDir(t), 'repo'))
  repo.gitBytes(['hash-object', '-w', '--stdin'], { input: file.body })
  for (const tree of [inner, ...Object.values(ATTACKS).map(({ entries }) => treeOf(entries))]) {
    const { gitDir } = repo
    const loose = path.join(gitDir, 'objects', tree.oid.slice(0, 2), tree.oid.slice(2))
    mkdirSync(path.dirname(loose), { recursive: true })
    // As `git hash-object --literally` would, in one process for all.
    writeFileSync(loose, deflateSync(Buffer.concat([headerOf(tree.body), tree.body])))
  }
  const faults = new Map<string, string[]>()
  const said = spawnSync('git', ['fsck', '--strict', '--no-dangling'], {
    cwd: repo.dir,
    env: gitEnvironment(),
    encoding: 'utf8',
  })
  for (const [, oid = '', id = ''] of said.stderr.matchAll(/in tree (\w+): (\w+):/g)) {
    faults.set(oid, [...(faults.get(oid) ?? []), id])
  }
  return { repo, faults }
}

const headerOf = (tree: Buffer) => Buffer.from(`tree ${tree.length}\0`)

/** What git makes of a tree in a new directory, guarding against every file system. */
function checkOut(t: TestScope, repo: TestRepo, tree: string): Verdict['checkout'] {
  const worktree = path.join(tempDir(t), 'worktree')
  mkdirSync(worktree)
  const guards = ['-c', 'core.protectHFS=true', '-c', 'core.protectNTFS=true']
  const { status } = spawnSync('git', [...guards, 'read-tree', '--reset', '-u', tree], {
    cwd: worktree,
    env: {
      ...gitEnvironment(),
      GIT_DIR: repo.gitDir,
      GIT_WORK_TREE: worktree,
      GIT_INDEX_FILE: `${worktree}.index`,
    },
  })
  return status === 0 ? 'written' : 'refused'
}

describe('a tree with', () => {
  let planted: ReturnType<typeof plant>
  const cleanUps: (() => unknown)[] = []
  before(() => {
    planted = plant({ after: (cleanUp) => cleanUps.push(cleanUp) })
  })
  after(() => {
    for (const cleanUp of cleanUps) cleanUp()
  })

  for (const [what, { entries, git, code }] of Object.entries(ATTACKS)) {
    test(`${what} is ${code === undefined ? 'published' : 'refused'}`, async (t) => {
      const tree = treeOf(entries)
      const { repo, faults } = planted
      const said = faults.get(tree.oid)
      assert.equal(git.fsck === undefined ? said : said?.includes(git.fsck), git.fsck && true)
      assert.equal(checkOut(t, repo, tree.oid), git.checkout)

      const site = createUnpackSite(t)
      const first = site.commitOf(EMPTY_SITE)
      await site.unpack(site.fullPack(first), { want: first })
      const before = readTree(site.volume)
      const commit = commitOf(tree.oid)
      const pack = assemblePack([commit, tree, inner, file])
      if (code === undefined) {
        await site.unpack(pack, { want: commit.oid })
        const expected = checkedOutTree(repo.dir, tree.oid)
        assert.deepEqual(treeDifferences(readTree(site.directory), expected), [])
        return
      }
      await assert.rejects(site.unpack(pack, { want: commit.oid }), failsWith(code))
      assert.deepEqual(readTree(site.volume), before)
      assert.deepEqual(site.leftOvers(), [])
    })
  }
})

/** The entries name a blob or a tree after their mode; `tree` and `blob` name the wrong one. */
function treeOf(entries: readonly (readonly [mode: string, name: string])[]) {
  const body = Buffer.concat(
    entries.flatMap(([mode, name]) => {
      const isTree = name === 'tree' || (/^0?40000$/.test(mode) && name !== 'blob')
      const oid = isTree ? inner.oid : file.oid
      return [Buffer.from(`${mode} ${name}\0`), Buffer.from(oid, 'hex')]
    }),
  )
  return { type: 'tree' as const, body, oid: hashObject('tree', body, 'sha1') }
}

function commitOf(tree: string) {
  const body = Buffer.from(`tree ${tree}\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\nm\n`)
  return { type: 'commit' as const, body, oid: hashObject('commit', body, 'sha1') }
}
