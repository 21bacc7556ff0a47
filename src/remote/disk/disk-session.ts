// A session with a repository on this machine's disk: it is read as it is, and needs no git. A
// thread of its own reads objects; leaving it, or aborting, ends the thread.

import { toAbortError } from '../../base/abort-error.js'
import { type SyncError, toSyncError } from '../../base/errors.js'
import type { Oid } from '../../git/oid.js'
import { runInThread, SpareThread, streamFromThread } from '../../thread/run.js'
import { REF_BYTES, refsTooLarge } from '../refs-too-large.js'
import type { FetchedPack, FetchRequest, RemoteRef, RemoteSession } from '../remote-session.js'
import type { FetchTask, Peeled, PeelTask } from './disk-worker.js'
import { type LocalRef, readRefs } from './refs.js'
import { type LocalRepository, openRepository, toLocalError } from './repository.js'

const WORKER = new URL('./disk-worker.js', import.meta.url)

/** Beyond this, only those are kept that the refs of the last look lead to. */
const MAX_CACHED_PEELS = 10_000

/** The threads in which objects are read, one for each fetch; many sessions share them. */
export function createReaders(): SpareThread {
  return new SpareThread(WORKER)
}

export class DiskSession implements RemoteSession {
  readonly #directory: string
  readonly #maxRefsBytes: number
  readonly #readers: SpareThread
  /** What a tag peels to never changes, so that a poll seldom needs to read one. */
  readonly #peels = new Map<Oid, Oid | null>()

  /** `maxRefsBytes` is the most that the repository's list of refs may take. */
  constructor(directory: string, maxRefsBytes: number, readers: SpareThread = createReaders()) {
    this.#directory = directory
    this.#maxRefsBytes = maxRefsBytes
    this.#readers = readers
  }

  async listRefs(prefixes: readonly string[], signal: AbortSignal): Promise<RemoteRef[]> {
    const repository = await this.#open(signal)
    const local = await readRefs(repository, prefixes, this.#maxRefsBytes).catch((error) => {
      throw toLocalError(error, this.#directory)
    })
    await this.#peel(repository, local, signal)
    const refs = local.map(({ name, oid, target, peeled }) => ({
      name,
      oid,
      peeled: peeled ?? this.#peels.get(oid) ?? undefined,
      target,
    }))
    const bytes = refs.reduce((sum, ref) => sum + bytesOf(ref), 0)
    if (bytes > this.#maxRefsBytes) throw refsTooLarge(this.#maxRefsBytes)
    return refs
  }

  prepareFetch(): void {
    this.#readers.prepare()
  }

  async fetch(request: FetchRequest, signal: AbortSignal): Promise<FetchedPack> {
    const task: Omit<FetchTask, 'port'> = { repository: await this.#open(signal), request }
    return { chunks: streamFrom(this.#readers, task, signal) }
  }

  /** What it has it sends. */
  async hasCommit(): Promise<boolean> {
    return false
  }

  async #open(signal: AbortSignal): Promise<LocalRepository> {
    if (signal.aborted) throw toAbortError(signal.reason)
    return openRepository(this.#directory)
  }

  /** Learns what the tags among `refs` peel to. */
  async #peel(
    repository: LocalRepository,
    refs: readonly LocalRef[],
    signal: AbortSignal,
  ): Promise<void> {
    if (this.#peels.size > MAX_CACHED_PEELS) this.#forgetAllBut(refs)
    const unknown = refs.flatMap(({ name, oid, peeled }) =>
      peeled === undefined && mayBeTag(name) && !this.#peels.has(oid) ? [oid] : [],
    )
    if (unknown.length === 0) return
    const task: PeelTask = { repository, oids: unknown }
    const peeled = await runInThread<Peeled>(this.#readers, task, signal).catch((error) => {
      throw toFault(error, signal)
    })
    for (const [oid, target] of peeled) {
      // What is missing now may come later.
      if (target !== undefined) this.#peels.set(oid, target)
    }
  }

  #forgetAllBut(refs: readonly LocalRef[]): void {
    const current = new Set(refs.map(({ oid }) => oid))
    for (const oid of this.#peels.keys()) if (!current.has(oid)) this.#peels.delete(oid)
  }
}

/** The chunks of a pack, read by a thread that has its task with the first of them. */
async function* streamFrom(
  readers: SpareThread,
  task: object,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  try {
    yield* streamFromThread(readers, task, signal)
  } catch (error) {
    throw toFault(error, signal)
  }
}

function toFault(error: unknown, signal: AbortSignal): SyncError {
  return signal.aborted ? toAbortError(signal.reason) : toSyncError(error)
}

/** Branches hold commits, which git itself makes sure of. */
function mayBeTag(name: string): boolean {
  return name !== 'HEAD' && !name.startsWith('refs/heads/') && !name.startsWith('refs/remotes/')
}

function bytesOf({ name, oid, peeled = '', target = '' }: RemoteRef): number {
  return REF_BYTES + name.length + oid.length + peeled.length + target.length
}
