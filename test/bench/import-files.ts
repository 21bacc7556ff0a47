// Commits of any size, streamed to `git fast-import`.
// https://git-scm.com/docs/git-fast-import
import { mkdirSync } from 'node:fs'
import { git, gitBytes } from '../helpers/git-command.js'
import { runGit } from './run-git.js'

/** A file whose content may be larger than memory should hold. */
export interface ImportedFile {
  /** Of plain ASCII, without quotes. */
  path: string
  /** The sum of `content`. */
  bytes: number
  content: Iterable<Buffer>
}

const HEADER =
  'commit refs/heads/main\ncommitter Bench <bench@example.com> 1700000000 +0000\ndata 0\n'

/** Makes a bare repository whose branch `main` has one commit of `files`; returns its oid. */
export async function importRepo(
  directory: string,
  files: Iterable<ImportedFile>,
  ...config: string[]
): Promise<string> {
  mkdirSync(directory, { recursive: true })
  git(directory, 'init', '-q', '--bare', '.')
  const settings = config.flatMap((setting) => ['-c', setting])
  await runGit(directory, [...settings, 'fast-import', '--quiet'], encodeCommit(files))
  return git(directory, 'rev-parse', 'refs/heads/main')
}

/** Adds a commit that changes one file to `main`, and returns its oid. */
export function importChange(directory: string, path: string, content: Buffer): string {
  const head = `${HEADER}from refs/heads/main^0\n`
  const file = { path, bytes: content.length, content: [content] }
  const input = Buffer.concat([Buffer.from(head), ...encodeFile(file)])
  gitBytes(directory, ['fast-import', '--quiet'], { input })
  return git(directory, 'rev-parse', 'refs/heads/main')
}

function* encodeCommit(files: Iterable<ImportedFile>): Generator<Buffer> {
  yield Buffer.from(HEADER)
  for (const file of files) yield* encodeFile(file)
}

function* encodeFile({ path, bytes, content }: ImportedFile): Generator<Buffer> {
  yield Buffer.from(`M 100644 inline ${path}\ndata ${bytes}\n`)
  yield* content
  yield Buffer.from('\n')
}
