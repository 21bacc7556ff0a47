// What readers of a link see, by the few reads that are made at each poll.
import assert from 'node:assert/strict'
import {
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { look } from '../../../src/publish/publication.js'
import { tempDir } from '../../helpers/git.js'

const [COMMIT, OTHER] = ['1'.repeat(40), '2'.repeat(40)]
const NOW = 1_000_000_000_000

/** A root as a publication leaves it, but for what files and packs hold. */
function createRoot(directory: string) {
  const root = path.join(directory, 'root')
  const link = path.join(root, 'link')
  const write = (name: string, text: string) => {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true })
    writeFileSync(path.join(root, name), text)
  }
  write('.git/HEAD', 'ref: refs/heads/git-sync\n')
  write('.git/objects/pack/pack-1.pack', '')
  write(`.git/worktrees/${COMMIT}/HEAD`, `${COMMIT}\n`)
  write(`.worktrees/${COMMIT}/.git`, `gitdir: ../../.git/worktrees/${COMMIT}\n`)
  write(`.worktrees/${COMMIT}/a`, '')
  symlinkSync(`.worktrees/${COMMIT}`, link)
  const target = {
    directory: link,
    mode: 'symlink',
    stateRoot: undefined,
    worktreeRoot: root,
  } as const
  return { root, link, write, see: (graceMs = 0) => look(target, { graceMs, now: NOW }) }
}

type Root = ReturnType<typeof createRoot>

const WHOLE = { commit: COMMIT, hasContent: true, hasRepository: true, isWhole: true, outOfUse: [] }
const NOTHING = {
  ...WHOLE,
  commit: undefined,
  hasContent: false,
  isWhole: false,
  outOfUse: [COMMIT],
}
const NO_REPOSITORY = { ...WHOLE, hasRepository: false, isWhole: false }

const remove = ({ root }: Root, name: string) => rmSync(path.join(root, name), { recursive: true })

// biome-ignore format: a table
const SEEN: readonly [what: string, change: (root: Root) => void, seen: object][] = [
  ['all', () => undefined, WHOLE],
  ['an edited file', ({ write }) => write(`.worktrees/${COMMIT}/a`, 'edited'), WHOLE],
  ['no link', (root) => remove(root, 'link'), NOTHING],
  ['a file at the link', (root) => { remove(root, 'link'); root.write('link', '') }, NOTHING],
  ['a link of version 3', (root) => { remove(root, 'link'); symlinkSync(`rev-${COMMIT}`, root.link) }, NOTHING],
  ['no worktree', (root) => remove(root, `.worktrees/${COMMIT}`), { ...WHOLE, hasContent: false, isWhole: false }],
  ['no .worktrees', (root) => remove(root, '.worktrees'), { ...WHOLE, hasContent: false, isWhole: false }],
  ['no .git', (root) => remove(root, `.worktrees/${COMMIT}/.git`), { ...WHOLE, isWhole: false }],
  ['another HEAD', ({ write }) => write(`.git/worktrees/${COMMIT}/HEAD`, OTHER), { ...WHOLE, isWhole: false }],
  ['no repository', (root) => remove(root, '.git'), NO_REPOSITORY],
  ['a file in its place', (root) => { remove(root, '.git'); root.write('.git', 'x') }, NO_REPOSITORY],
  ['no HEAD of it', ({ root }) => truncateSync(path.join(root, '.git/HEAD')), NO_REPOSITORY],
  ['no packs', (root) => remove(root, '.git/objects'), NO_REPOSITORY],
  ['no root', (root) => remove(root, ''), { ...NO_REPOSITORY, commit: undefined, hasContent: false }],
]

describe('a look at a link', () => {
  for (const [what, change, seen] of SEEN) {
    test(`sees ${what}, and changes nothing`, (t) => {
      const root = createRoot(tempDir(t))
      change(root)
      const before = names(root.root)
      assert.deepEqual(root.see(), seen)
      assert.deepEqual(names(root.root), before)
    })
  }

  test('sees what lies beside its worktree, once the grace time is over', (t) => {
    const { root, see, write } = createRoot(tempDir(t))
    write(`.worktrees/${OTHER}/a`, '')
    write('.worktrees/file', '')
    const changedAt = (name: string, ms: number) =>
      utimesSync(path.join(root, '.worktrees', name), ms / 1000, ms / 1000)
    changedAt(OTHER, NOW - 5000)
    changedAt('file', NOW - 1000)
    assert.deepEqual(see().outOfUse.sort(), [OTHER, 'file'])
    assert.deepEqual(see(3000).outOfUse, [OTHER])
    assert.deepEqual(see(10_000).outOfUse, [])
  })
})

function names(root: string): string[] {
  try {
    return readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()
  } catch {
    return []
  }
}
