// Commits of any names, modes and sizes, written as loose objects: without a working tree, and without
// a process, which costs more than all else of a small one. https://git-scm.com/docs/gitrepository-layout
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { deflateSync } from 'node:zlib'
import { hashObject, type ObjectType } from '../../src/git/object.js'
import type { Oid } from '../../src/git/oid.js'
import { encodeTree, MODE, type Mode } from '../../src/git/tree.js'
import type { TestFile, TestRepo } from './test-repo.js'

/** What stands at a path of a commit. */
export type CommitFile = Exclude<TestFile, null> | { symlink: Buffer } | { gitlink: Oid }

/** The files of a commit, by byte path (one char per byte). */
export type CommitFiles = Readonly<Record<string, CommitFile>>

/** What is in a directory, by name. */
type Directory = Map<string, Directory | CommitFile>

/** Makes a commit of exactly these files, without a parent, and returns its oid. */
export function commitFiles(repo: TestRepo, files: CommitFiles): Oid {
  return writeCommit(repo, files, { who: 'T <t@example.com> 1700000000 +0000' })
}

/** Makes a commit of exactly these files, to which a branch of its own leads, so that a server may send it. */
export function writeCommit(
  repo: TestRepo,
  files: CommitFiles,
  { who, parents = [], message = '' }: { who: string; parents?: readonly Oid[]; message?: string },
): Oid {
  const lines = [
    `tree ${writeTrees(repo, directoriesOf(files))}`,
    ...parents.map((parent) => `parent ${parent}`),
    `author ${who}`,
    `committer ${who}`,
    '',
    message,
  ]
  const commit = writeObject(repo, 'commit', Buffer.from(lines.join('\n')))
  writeFileSync(path.join(repo.gitDir, 'refs/heads', `of-${commit}`), `${commit}\n`)
  return commit
}

/** All directories, each after the one that it is in. Of two paths that cannot be both, the later one counts. */
function directoriesOf(files: CommitFiles): Directory[] {
  const root: Directory = new Map()
  const all = [root]
  for (const [file, content] of Object.entries(files)) {
    const names = file.split('/')
    const last = names.pop() as string
    let directory = root
    for (const name of names) {
      const there = directory.get(name)
      const next: Directory = there instanceof Map ? there : new Map()
      if (next !== there) all.push(next)
      directory.set(name, next)
      directory = next
    }
    directory.set(last, content)
  }
  return all
}

/** Writes the last first, as each tree names those in it; returns the root. They may be deeper than a stack. */
function writeTrees(repo: TestRepo, directories: readonly Directory[]): Oid {
  const written = new Map<Directory, Oid>()
  let root = ''
  for (const directory of directories.toReversed()) {
    const entries = [...directory].map(([name, each]) => {
      const oid = each instanceof Map ? written.get(each) : undefined
      return { name, ...(oid ? { mode: MODE.tree, oid } : writeEntry(repo, each as CommitFile)) }
    })
    root = writeTree(repo, entries)
    written.set(directory, root)
  }
  return root
}

function writeTree(repo: TestRepo, entries: { name: string; mode: Mode; oid: Oid }[]): Oid {
  // Git compares a directory as if a slash ended its name.
  const key = ({ name, mode }: (typeof entries)[number]) => (mode === MODE.tree ? `${name}/` : name)
  const sorted = entries.toSorted((one, other) => (key(one) < key(other) ? -1 : 1))
  return writeObject(repo, 'tree', encodeTree(sorted))
}

function writeEntry(repo: TestRepo, entry: CommitFile): { mode: Mode; oid: Oid } {
  const blob = (mode: Mode, content: string | Buffer) => ({
    mode,
    oid: writeObject(repo, 'blob', Buffer.from(content)),
  })
  if (typeof entry === 'string' || Buffer.isBuffer(entry)) return blob(MODE.file, entry)
  if ('gitlink' in entry) return { mode: MODE.gitlink, oid: entry.gitlink }
  if ('symlink' in entry) return blob(MODE.symlink, entry.symlink)
  return blob(entry.executable ? MODE.executable : MODE.file, entry.content)
}

function writeObject({ gitDir, objectFormat }: TestRepo, type: ObjectType, body: Buffer): Oid {
  const oid = hashObject(type, body, objectFormat)
  const file = path.join(gitDir, 'objects', oid.slice(0, 2), oid.slice(2))
  if (!existsSync(file)) {
    mkdirSync(path.dirname(file), { recursive: true })
    const stored = Buffer.concat([Buffer.from(`${type} ${body.length}\0`), body])
    writeFileSync(file, deflateSync(stored, { level: 1 }))
  }
  return oid
}
