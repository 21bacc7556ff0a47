// What is told of a revision that its remote lacks, and what may be meant by it. Nothing that is
// published is resolved by what is found here: it may be of an earlier poll.

import { suggestion } from '../base/did-you-mean.js'
import { SyncError } from '../base/errors.js'
import type { Revision } from '../git/revision.js'
import { versionsIn } from '../git/version-range.js'
import type { RemoteRef, RemoteSession } from '../remote/remote-session.js'
import { tagsIn } from './resolve-revision.js'

const HEADS = 'refs/heads/'
const TAGS = 'refs/tags/'

/** What a clone puts before the names of its remote's branches. */
const REMOTE_OF_A_CLONE = /^(origin|upstream)\//

/** How many branches or versions are named of those that are there. */
const MAX_NAMED = 5
/** So many refs are remembered of which one is probably meant. */
const MAX_LIKELY = 1000

/** The refs of one remote that are like those that are missing, or have their names. */
export class LikelyRefs {
  readonly #session: RemoteSession
  /** What was found last, and what was asked for then. */
  #last: { key: string; refs: readonly RemoteRef[] } | undefined

  constructor(session: RemoteSession) {
    this.#session = session
  }

  /**
   * What may be meant by what is `missing` among `refs`. It is asked for when others are missing than
   * before. Without a HEAD, only the branches tell an empty repository from a missing ref: then each
   * time.
   */
  async list(
    missing: readonly Revision[],
    refs: readonly RemoteRef[],
    signal: AbortSignal,
  ): Promise<readonly RemoteRef[]> {
    const prefixes = likelyPrefixesOf(missing)
    const key = prefixes.join(' ')
    const hasHead = refs.some(({ name }) => name === 'HEAD')
    if (!hasHead || this.#last?.key !== key) {
      const likely = await this.#tryToList(prefixes, signal)
      this.#last = { key, refs: likely.slice(0, MAX_LIKELY) }
    }
    return this.#last.refs
  }

  /** A list that is too large names nothing: what is missing is told all the same. */
  async #tryToList(prefixes: readonly string[], signal: AbortSignal): Promise<RemoteRef[]> {
    try {
      return await this.#session.listRefs(prefixes, signal)
    } catch (error) {
      if (error instanceof SyncError && error.code === 'refs-too-large') return []
      throw error
    }
  }
}

/**
 * The fault of a revision that is not among `refs`, the answer of a remote; `likely` is what may be
 * meant by it.
 */
export function missingRevision(
  revision: Exclude<Revision, { kind: 'commit' }>,
  refs: readonly RemoteRef[],
  likely: readonly RemoteRef[],
): SyncError {
  const names = [...new Set([...likely, ...refs].map(({ name }) => name))]
  if (names.length === 0) {
    return new SyncError('empty-repository', 'The remote has no commit yet: push a first one')
  }
  if (revision.kind === 'head') {
    const branches = names
      .filter((name) => name.startsWith(HEADS))
      .slice(0, MAX_NAMED)
      .map((name) => name.slice(HEADS.length))
      .join(', ')
    return new SyncError(
      'branch-not-found',
      `The remote's HEAD names a branch that does not exist: set the entry's branch (there are: ${branches || 'none'})`,
    )
  }
  if (revision.kind === 'semver') return noVersion(revision.range, tagsIn(refs))
  const { name } = revision
  const kind = revision.kind === 'name' ? 'ref' : revision.kind
  return new SyncError(
    `${kind}-not-found`,
    `The remote has no ${kind} ${JSON.stringify(name)}${hintFor(revision, names)}: push it, or correct the entry's ${kind}`,
  )
}

function likelyPrefixesOf(missing: readonly Revision[]): string[] {
  const tags = missing.flatMap((revision) => {
    if (revision.kind === 'tag') return TAGS
    return revision.kind === 'branch' ? `${TAGS}${revision.name}` : []
  })
  return [...new Set([HEADS, ...tags])]
}

/** What there is of the name in another place, or of nearly that name. */
function hintFor(revision: Revision, names: readonly string[]): string {
  if (revision.kind !== 'branch' && revision.kind !== 'tag') return ''
  const { kind, name } = revision
  const [own, others] = kind === 'branch' ? [HEADS, TAGS] : [TAGS, HEADS]
  const other = kind === 'branch' ? 'tag' : 'branch'
  if (names.includes(others + name)) return ` (a ${other} has this name: write "${other}")`
  const there = names.filter((each) => each.startsWith(own)).map((each) => each.slice(own.length))
  // It may have been there at an earlier poll.
  const near = there.filter((each) => each !== name)
  return suggestion(name, near) || suggestion(name.replace(REMOTE_OF_A_CLONE, ''), near)
}

function noVersion(range: string, tags: readonly string[]): SyncError {
  const versions = versionsIn(tags)
  const [newest] = versions
  const there = versions
    .slice(0, MAX_NAMED)
    .map(({ raw }) => raw)
    .join(', ')
  const found = newest
    ? `the newest are ${there}${newest.prerelease.length > 0 ? '; a pre-release counts only where the range names one of the same version' : ''}`
    : tags.length === 0
      ? 'there are no tags'
      : 'no tag is a version, as 1.2.3 or v1.2.3'
  return new SyncError(
    'tag-not-found',
    `The remote has no tag in the range ${JSON.stringify(range)}: ${found}. Push one, or correct the entry's semver`,
  )
}
