// A real repository that a test writes commits into.
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { type GitOptions, git, gitBytes } from './git-command.js'
import { makeScratchDirectory } from './scratch.js'

/** What stands at a path: content, or null for nothing. */
export type TestFile =
  | string
  | Buffer
  | null
  | { content: string | Buffer; executable: boolean }
  | { symlink: string }

export interface TestRepo {
  /** The working tree; of a bare repository, the repository itself. */
  readonly dir: string
  readonly gitDir: string
  readonly objectFormat: 'sha1' | 'sha256'
  /** Runs git on this repository and returns its trimmed output. */
  git(...args: string[]): string
  /** Like {@link TestRepo.git}, with input, and output as bytes. */
  gitBytes(args: readonly string[], options?: GitOptions): Buffer
  /** Changes the working tree; null deletes a file or a whole directory. */
  write(files: Record<string, TestFile>): void
  /** Commits everything in the working tree, even no change, and returns the oid. */
  commit(message: string, files?: Record<string, TestFile>): string
  /** The oid of a revision. */
  oid(revision: string): string
}

export interface RepoOptions {
  /** Keeps the working tree in `<dir>.worktree`. */
  bare?: boolean
  objectFormat?: 'sha1' | 'sha256'
}

/** Makes an empty repository whose HEAD is the unborn branch `main`. */
export function createRepo(dir: string, options: RepoOptions = {}): TestRepo {
  const { bare = false, objectFormat = 'sha1' } = options
  const worktree = bare ? `${dir}.worktree` : dir
  const gitDir = bare ? dir : path.join(dir, '.git')
  mkdirSync(worktree, { recursive: true })
  cpSync(emptyRepository({ bare, objectFormat }), gitDir, { recursive: true })

  const run = (args: readonly string[], { input, env }: GitOptions = {}) =>
    gitBytes(worktree, args, {
      ...(input === undefined ? {} : { input }),
      env: { GIT_DIR: gitDir, GIT_WORK_TREE: worktree, ...env },
    })
  const repo: TestRepo = {
    dir,
    gitDir,
    objectFormat,
    gitBytes: run,
    git: (...args) => run(args).toString().trim(),
    write(files) {
      for (const [name, file] of Object.entries(files)) writeFile(path.join(worktree, name), file)
    },
    commit(message, files = {}) {
      repo.write(files)
      repo.git('add', '--all', '--force', '.')
      repo.git('commit', '-q', '--allow-empty', '--allow-empty-message', '-m', message)
      return headOf(gitDir)
    },
    oid: (revision) => repo.git('rev-parse', '--verify', revision),
  }
  return repo
}

/** What git makes of each kind, by its options; made once in a process, as many tests begin with one. */
const emptyRepositories = new Map<string, string>()

function emptyRepository({ bare, objectFormat }: Required<RepoOptions>): string {
  const args = [`--object-format=${objectFormat}`, ...(bare ? ['--bare'] : [])]
  const made = emptyRepositories.get(args.join())
  if (made !== undefined) return made
  const directory = makeScratchDirectory()
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
  // Without samples of hooks, which nobody looks at.
  git(directory, 'init', '-q', '--template=', ...args, '.')
  const gitDir = bare ? directory : path.join(directory, '.git')
  mkdirSync(path.join(gitDir, 'info'))
  emptyRepositories.set(args.join(), gitDir)
  return gitDir
}

/** The commit at HEAD, which git has just written: to ask git would take a process more. */
function headOf(gitDir: string): string {
  const read = (name: string) => readFileSync(path.join(gitDir, name), 'utf8').trim()
  const head = read('HEAD')
  return head.startsWith('ref: ') ? read(head.slice('ref: '.length)) : head
}

function writeFile(target: string, file: TestFile): void {
  rmSync(target, { recursive: true, force: true })
  if (file === null) return
  mkdirSync(path.dirname(target), { recursive: true })
  if (typeof file === 'string' || Buffer.isBuffer(file)) writeFileSync(target, file)
  else if ('symlink' in file) symlinkSync(file.symlink, target)
  else {
    writeFileSync(target, file.content)
    chmodSync(target, file.executable ? 0o755 : 0o644)
  }
}
