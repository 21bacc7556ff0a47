// Commits that a remote has, and that none of its refs leads to, as far as was found out. It took all of
// its history to find that out, so it is not fetched again before a ref has changed.

/** So many are remembered, the latest. */
const MAX_COMMITS = 1000

/** A commit of a remote, and by which refs it was looked for. */
export interface RefsSearch {
  /** Of the remote, and the commit. */
  key: string
  /** Tells one list of refs from another. */
  refs: string
}

export class UnreachableCommits {
  /** By which refs each was not found; the one that was added last comes last. */
  readonly #commits = new Map<string, string>()

  has({ key, refs }: RefsSearch): boolean {
    return this.#commits.get(key) === refs
  }

  add({ key, refs }: RefsSearch): void {
    this.#commits.delete(key)
    this.#commits.set(key, refs)
    const [oldest] = this.#commits.keys()
    if (this.#commits.size > MAX_COMMITS && oldest !== undefined) this.#commits.delete(oldest)
  }
}
