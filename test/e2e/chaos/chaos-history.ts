// Commits that follow each other, from a seed, and what a reader may find of each: edits, files
// and directories that come, go and become each other, and files that are in every commit.
import { createHash } from 'node:crypto'
import { commitOn } from '../../helpers/commit-on.js'
import type { TestRepo } from '../../helpers/git.js'
import type { CommitFile } from '../../helpers/git-commit.js'
import type { Random } from '../../helpers/random-history.js'

/** What stands at each path of a commit: its kind, and the hash of its content. */
export type Manifest = Record<string, string>

export interface ChaosCommit {
  oid: string
  manifest: Manifest
}

/** The files below this directory are in every commit; only their content changes. */
export const ALWAYS = 'always/'

/** How many files there are, and how many changes a commit has, mostly and now and then. */
export interface ChaosSize {
  always: number
  others: number
  changes: [usual: number, many: number]
}

const LARGE: ChaosSize = { always: 40, others: 240, changes: [20, 150] }

export class ChaosHistory {
  readonly #repo: TestRepo
  readonly #random: Random
  readonly #size: ChaosSize
  readonly #files = new Map<string, CommitFile>()
  #number = 0
  #last: string | undefined

  constructor(repo: TestRepo, random: Random, size = LARGE) {
    this.#repo = repo
    this.#random = random
    this.#size = size
    for (let index = 0; index < size.always; index++) this.#edit(`${ALWAYS}${index}`)
    for (let index = 0; index < size.others; index++) this.#edit(this.#anyPath())
  }

  /** Makes the next commit, which no branch has yet. */
  next(): ChaosCommit {
    this.#number++
    const [usual, many] = this.#size.changes
    const changes = this.#random() < 0.2 ? many : usual
    for (let count = 0; count < changes; count++) this.#change()
    const parents = this.#last === undefined ? [] : [this.#last]
    const oid = commitOn(this.#repo, Object.fromEntries(this.#files), parents)
    this.#last = oid
    const entries = [...this.#files].map(([path, file]) => [path, fingerprint(file)] as const)
    return { oid, manifest: Object.fromEntries(entries) }
  }

  /** Lets the branch that is followed name a commit. */
  push({ oid }: ChaosCommit): void {
    this.#repo.git('update-ref', 'refs/heads/main', oid)
  }

  #change(): void {
    const choice = this.#random()
    if (choice < 0.4) this.#edit(`${ALWAYS}${Math.floor(this.#random() * this.#size.always)}`)
    else if (choice < 0.8) this.#edit(this.#anyPath())
    else this.#remove(this.#anyPath())
  }

  #anyPath(): string {
    const digit = () => Math.floor(this.#random() * 6)
    const depth = 1 + Math.floor(this.#random() * 3)
    return Array.from({ length: depth }, () => `d${digit()}`).join('/')
  }

  #edit(path: string): void {
    this.#remove(path)
    // What is above it cannot be a file any more.
    for (let at = path.indexOf('/'); at > 0; at = path.indexOf('/', at + 1)) {
      this.#files.delete(path.slice(0, at))
    }
    const line = `${path} in commit ${this.#number}: ${this.#random()}\n`
    const content = line.repeat(1 + Math.floor(this.#random() * 200))
    const kind = path.startsWith(ALWAYS) ? 1 : this.#random()
    if (kind < 0.1) this.#files.set(path, { symlink: `to ${this.#random()}` })
    else if (kind < 0.2) this.#files.set(path, { content, executable: true })
    else this.#files.set(path, content)
  }

  #remove(path: string): void {
    for (const other of this.#files.keys()) {
      if (other === path || other.startsWith(`${path}/`)) this.#files.delete(other)
    }
  }
}

/** Tells one content from another, and none from half of it. */
export function fingerprintOf(kind: string, content: string | Buffer): string {
  return `${kind} ${createHash('sha1').update(content).digest('hex')}`
}

function fingerprint(file: CommitFile): string {
  if (typeof file === 'string') return fingerprintOf('file', file)
  if (typeof file === 'object' && 'symlink' in file) return fingerprintOf('symlink', file.symlink)
  if ('content' in file) return fingerprintOf('executable', file.content)
  throw new Error('the history makes no such file')
}
