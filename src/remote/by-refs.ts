// A commit that a remote does not send by its id is had by the refs that lead to it, as git has it.
import { createHash } from 'node:crypto'
import { SyncError } from '../base/errors.js'
import type { Oid } from '../git/oid.js'
import type { MemoryPart } from '../thread/memory-budget.js'
import type { FetchRequest, RemoteRef, RemoteSession } from './remote-session.js'

/** Which refs lead to commits that somebody may have meant. */
const PREFIXES = ['HEAD', 'refs/heads/', 'refs/tags/']

/** How a commit is looked for by the refs of its remote. */
export interface ByRefs {
  /** How many commits of each ref come. */
  depth: number
  /** Of whom waits for the commit. */
  memory: MemoryPart
}

/**
 * What to fetch that brings `commit`, if so many commits of each branch and tag do; `onRefs` is told
 * what tells this list of refs from another, and may throw. Throws `commit-not-found` where the
 * remote has it nowhere.
 */
export async function requestByRefs(
  session: RemoteSession,
  commit: Oid,
  { depth, memory }: ByRefs,
  signal: AbortSignal,
  onRefs: (digest: string) => void = () => undefined,
): Promise<FetchRequest> {
  const refs = await session.listRefs(PREFIXES, signal, memory)
  const named = refs.find(({ oid, peeled }) => oid === commit || peeled === commit)
  if (named) return { wants: [named.oid], haves: [], thinPack: false }
  onRefs(digestOf(refs))
  const [tip] = refs
  // Else all of its history would come at each attempt, only to find out.
  if (!tip || !(await session.hasCommit(commit, tip.oid, signal))) throw lacks(commit)
  return { wants: [...new Set(refs.map(({ oid }) => oid))], haves: [], thinPack: false, depth }
}

function digestOf(refs: readonly RemoteRef[]): string {
  const digest = createHash('sha256')
  for (const { name, oid } of refs) digest.update(`${oid} ${name}\n`)
  return digest.digest('base64')
}

function lacks(commit: Oid): SyncError {
  return new SyncError(
    'commit-not-found',
    `The remote does not have the commit ${commit}: push it there`,
  )
}
