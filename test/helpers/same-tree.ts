// Compares a directory, byte for byte, with what a real `git checkout` writes.
import assert from 'node:assert/strict'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from 'node:fs'
import path from 'node:path'
import { gitBytes } from './git-command.js'
import { makeScratchDirectory } from './scratch.js'

/** What stands at one path; `other` is what no checkout makes, such as a pipe or an endless file. */
export type TreeEntry =
  | { kind: 'directory' | 'other' }
  | { kind: 'symlink' | 'file' | 'executable'; content: Buffer }

/** A larger file is of no commit of the tests, and is not read. */
const MOST_BYTES = 2 ** 30

/** Every path below a directory, as byte strings (one char per byte). */
export type Tree = ReadonlyMap<string, TreeEntry>

/**
 * Asserts that `actualDir` holds what git checks out of `revision`: the same paths (directories
 * too), contents, executable bits and symlink targets. `.git` and `.git-autosync` at the root are
 * not looked at.
 */
export function assertSameTree(actualDir: string, repoDir: string, revision: string): void {
  assert.deepEqual(treeDifferences(readTree(actualDir), checkedOutTree(repoDir, revision)), [])
}

/** What git checks out of `revision`, with settings like `core.symlinks=false`. */
export function checkedOutTree(
  repoDir: string,
  revision: string,
  settings: readonly string[] = [],
): Tree {
  const scratch = makeScratchDirectory()
  try {
    const expectedDir = path.join(scratch, 'tree')
    checkOut(repoDir, revision, expectedDir, path.join(scratch, 'index'), settings)
    return readTree(expectedDir)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** Writes the tree of `revision` into the new directory `worktree` as git does. */
function checkOut(
  repoDir: string,
  revision: string,
  worktree: string,
  indexFile: string,
  settings: readonly string[],
): void {
  mkdirSync(worktree)
  const gitDir = path.resolve(repoDir, '.git')
  const env = {
    GIT_DIR: existsSync(gitDir) ? gitDir : path.dirname(gitDir),
    GIT_WORK_TREE: worktree,
    GIT_INDEX_FILE: indexFile,
  }
  const options = settings.flatMap((setting) => ['-c', setting])
  gitBytes(worktree, [...options, 'read-tree', '--reset', '-u', `${revision}^{tree}`], { env })
}

/** What stands in a directory, but for `.git` and `.git-autosync` at its root. */
export function readTree(root: string): Tree {
  const entries = new Map<string, TreeEntry>()
  const walk = (prefix: Buffer): void => {
    const directory = Buffer.concat([Buffer.from(`${root}/`), prefix])
    for (const name of readdirSync(directory, { encoding: 'buffer' })) {
      const relative = Buffer.concat([prefix, name])
      const key = relative.toString('latin1')
      if (key === '.git' || key === '.git-autosync') continue
      const absolute = Buffer.concat([directory, name])
      const stat = lstatSync(absolute)
      if (stat.isDirectory()) {
        entries.set(key, { kind: 'directory' })
        walk(Buffer.concat([relative, Buffer.from('/')]))
      } else if (stat.isSymbolicLink()) {
        entries.set(key, {
          kind: 'symlink',
          content: readlinkSync(absolute, { encoding: 'buffer' }),
        })
      } else if (!stat.isFile() || stat.size > MOST_BYTES) {
        entries.set(key, { kind: 'other' })
      } else {
        const kind = stat.mode & 0o100 ? 'executable' : 'file'
        entries.set(key, { kind, content: readFileSync(absolute) })
      }
    }
  }
  walk(Buffer.alloc(0))
  return entries
}

/** What of a directory is not as expected; what goes while it is looked at is a difference, too. */
export function differencesTo(expected: Tree, directory: string): string[] {
  try {
    return treeDifferences(readTree(directory), expected)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return [(error as Error).message]
    throw error
  }
}

/** What is not as expected, a line for each path. */
export function treeDifferences(actual: Tree, expected: Tree): string[] {
  const paths = [...new Set([...actual.keys(), ...expected.keys()])].sort()
  return paths.flatMap((name) => {
    const fault = difference(actual.get(name), expected.get(name))
    return fault === undefined ? [] : [`${name}: ${fault}`]
  })
}

function difference(
  actual: TreeEntry | undefined,
  expected: TreeEntry | undefined,
): string | undefined {
  if (!expected) return `unexpected ${actual?.kind}`
  if (!actual) return `missing ${expected.kind}`
  if (actual.kind !== expected.kind) return `is a ${actual.kind}, must be a ${expected.kind}`
  if (!('content' in actual) || !('content' in expected)) return undefined
  if (actual.content.equals(expected.content)) return undefined
  return `holds ${excerpt(actual.content)}, must hold ${excerpt(expected.content)}`
}

function excerpt(content: Buffer): string {
  return `${content.length} bytes ${JSON.stringify(content.toString('latin1', 0, 60))}`
}
