// A session with a repository on this machine's disk: it is read as it is, and needs no git. A
// thread of its own reads objects; leaving it, or aborting, ends the thread.

import { toAbortError } from '../../base/abort-error.js'
import { type SyncError, toSyncError } from '../../base/errors.js'
import type { Oid } from '../../git/oid.js'
import { closePart, type MemoryPart } from '../../thread/memory-budget.js'
import { runInThread, SpareThread, streamFromThread } from '../../thread/run.js'
import type { FetchedPack, FetchRequest, RemoteRef, RemoteSession } from '../remote-session.js'
import { listWanted, type RefsBounds } from '../wanted-refs.js'
import type { FetchTask, Peeled, PeelTask } from './disk-worker.js'
import { readRefs } from './refs.js'
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
  readonly #bounds: RefsBounds
  readonly #readers: SpareThread
  /** What a tag peels to never changes, so that a poll seldom needs to read one. */
  readonly #peels = new Map<Oid, Oid | null>()

  constructor(directory: string, bounds: RefsBounds, readers: SpareThread = createReaders()) {
    this.#directory = directory
    this.#bounds = bounds
    this.#readers = readers
  }

  async listRefs(
    prefixes: readonly string[],
    signal: AbortSignal,
    waiting?: MemoryPart,
  ): Promise<RemoteRef[]> {
    const repository = await this.#open(signal)
    const all = prefixes.length > 0 ? prefixes : ['']
    return listWanted(all, this.#bounds, { signal, waiting }, async (wanted) => {
      const { maxRefsBytes } = this.#bounds
      const unpeeled = await readRefs(repository, wanted, maxRefsBytes).catch((error) => {
        throw toLocalError(error, this.#directory)
      })
      await this.#peel(repository, wanted.refs, unpeeled, signal)
      return wanted.refs
    })
  }

  prepareFetch(): void {
    this.#readers.prepare()
  }

  async fetch(request: FetchRequest, signal: AbortSignal): Promise<FetchedPack> {
    const repository = await this.#open(signal)
    return { chunks: this.#stream({ repository, request }, signal) }
  }

  /** What it has it sends. */
  async hasCommit(): Promise<boolean> {
    return false
  }

  /** The chunks of a pack, read by a thread that has its task with the first of them. */
  async *#stream(
    task: Omit<FetchTask, 'memory' | 'port'>,
    signal: AbortSignal,
  ): AsyncGenerator<Buffer> {
    const { memory = this.#bounds.openMemory() } = task.request
    try {
      yield* streamFromThread(this.#readers, { ...task, memory }, signal)
    } catch (error) {
      throw toFault(error, signal)
    } finally {
      if (memory !== task.request.memory) closePart(memory)
    }
  }

  async #open(signal: AbortSignal): Promise<LocalRepository> {
    if (signal.aborted) throw toAbortError(signal.reason)
    return openRepository(this.#directory)
  }

  /** Finds out what the tags among `unpeeled`, which are some of `refs`, peel to. */
  async #peel(
    repository: LocalRepository,
    refs: readonly RemoteRef[],
    unpeeled: readonly RemoteRef[],
    signal: AbortSignal,
  ): Promise<void> {
    if (this.#peels.size > MAX_CACHED_PEELS) this.#forgetAllBut(refs)
    const tags = unpeeled.filter(({ name }) => mayBeTag(name))
    const unknown = tags.flatMap(({ oid }) => (this.#peels.has(oid) ? [] : [oid]))
    if (unknown.length > 0) await this.#readPeels({ repository, oids: unknown }, signal)
    for (const tag of tags) tag.peeled = this.#peels.get(tag.oid) ?? undefined
  }

  async #readPeels(task: PeelTask, signal: AbortSignal): Promise<void> {
    const peeled = await runInThread<Peeled>(this.#readers, task, signal).catch((error) => {
      throw toFault(error, signal)
    })
    for (const [oid, target] of peeled) {
      // What is missing now may come later.
      if (target !== undefined) this.#peels.set(oid, target)
    }
  }

  #forgetAllBut(refs: readonly RemoteRef[]): void {
    const current = new Set(refs.map(({ oid }) => oid))
    for (const oid of this.#peels.keys()) if (!current.has(oid)) this.#peels.delete(oid)
  }
}

function toFault(error: unknown, signal: AbortSignal): SyncError {
  return signal.aborted ? toAbortError(signal.reason) : toSyncError(error)
}

/** Branches hold commits, which git itself makes sure of. */
function mayBeTag(name: string): boolean {
  return name !== 'HEAD' && !name.startsWith('refs/heads/') && !name.startsWith('refs/remotes/')
}
