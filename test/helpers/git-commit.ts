// Commits made by `git fast-import`: any names, modes and sizes, in one process and without
// a working tree. https://git-scm.com/docs/git-fast-import
import { hashObject } from '../../src/git/object.js'
import type { Oid } from '../../src/git/oid.js'
import type { TestFile, TestRepo } from './test-repo.js'

/** What stands at a path of a commit. */
export type CommitFile = Exclude<TestFile, null> | { symlink: Buffer } | { gitlink: Oid }

/** The files of a commit, by byte path (one char per byte). */
export type CommitFiles = Readonly<Record<string, CommitFile>>

/** Makes a commit of exactly these files, without a parent, and returns its oid. */
export function commitFiles(repo: TestRepo, files: CommitFiles): Oid {
  return importCommit(repo, files, 'committer T <t@example.com> 1700000000 +0000\ndata 0\n')
}

/** Imports a commit whose command goes on with `head`, to a branch of its own, which a server may send. */
export function importCommit(repo: TestRepo, files: CommitFiles, head: string): Oid {
  const commit = Buffer.concat([Buffer.from(head), encodeFiles(files)])
  const ref = `refs/heads/of-${hashObject('blob', commit, 'sha1')}`
  const input = Buffer.concat([
    Buffer.from(`commit ${ref}\nmark :1\n`),
    commit,
    Buffer.from('\nget-mark :1\n'),
  ])
  return repo.gitBytes(['fast-import', '--quiet', '--force'], { input }).toString().trim()
}

/** The files as the only ones of a commit, for fast-import. */
export function encodeFiles(files: CommitFiles): Buffer {
  const changes = Object.entries(files).map(([path, file]) => encodeChange(path, file))
  return Buffer.concat([Buffer.from('deleteall\n'), ...changes])
}

function encodeChange(path: string, file: CommitFile): Buffer {
  const name = `"${[...path].map(quoteByte).join('')}"`
  if (typeof file === 'object' && 'gitlink' in file) {
    return Buffer.from(`M 160000 ${file.gitlink} ${name}\n`)
  }
  const { mode, content } = modeAndContent(file)
  const bytes = Buffer.from(content)
  return Buffer.concat([
    Buffer.from(`M ${mode} inline ${name}\ndata ${bytes.length}\n`),
    bytes,
    Buffer.from('\n'),
  ])
}

function modeAndContent(file: Exclude<CommitFile, { gitlink: Oid }>) {
  if (typeof file === 'string' || Buffer.isBuffer(file)) return { mode: '100644', content: file }
  if ('symlink' in file) return { mode: '120000', content: file.symlink }
  return { mode: file.executable ? '100755' : '100644', content: file.content }
}

/** A byte of a C-quoted path. */
function quoteByte(byte: string): string {
  if (/[\w./ -]/.test(byte)) return byte
  return `\\${byte.charCodeAt(0).toString(8).padStart(3, '0')}`
}
