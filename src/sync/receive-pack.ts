// Fetches a pack and hands it to a worker, which publishes it, and asks for more.
import { setMaxListeners } from 'node:events'
import type { Selection } from '../publish/tree/selection.js'
import type { FetchRequest } from '../remote/remote-session.js'
import { closePart, helperPart, type MemoryPart } from '../thread/memory-budget.js'
import type { LfsWant } from '../worker/lfs-objects.js'
import type { PackToPublish } from '../worker/pool.js'
import type { PackRequest, Unpacked } from '../worker/unpacked.js'
import type { Attempt } from './attempt.js'
import { targetOf } from './context.js'
import { hasHistory } from './fetch-requests.js'
import { submoduleLogin } from './remote-login.js'
import { SUBMODULE_FETCHES } from './submodule-remotes.js'
import type { SyncProgress } from './sync-progress.js'
import { wantedHistory } from './wanted-history.js'

/** What threads that read repositories on disk have of their own, as a share of what the sync has. */
const READER_SHARE = 1 / 2

/** What is published of which commit. */
export interface Revisions extends Pick<PackToPublish, 'want' | 'have' | 'signatureCheck'> {
  /** @default that of the entry */
  selection?: Selection
}

/** Without a request, nothing is fetched but blobs that are lacking. */
export async function receivePack(
  attempt: Attempt,
  revisions: Revisions,
  request: FetchRequest | undefined,
): Promise<Unpacked & { receivedAt: number }> {
  const { allow, state, progress, session, context, signal, wanted } = attempt
  const fetching = new AbortController()
  const limited = AbortSignal.any([signal, fetching.signal])
  // Every submodule that waits listens to it.
  setMaxListeners(0, limited)
  // Asked for as the worker starts, which reads what is published while the remote works.
  async function* fetch(
    asked: FetchRequest | undefined,
    memory: MemoryPart,
  ): AsyncGenerator<Buffer> {
    if (!asked) return
    const helper = helperPart(memory, memory.ownBytes * READER_SHARE)
    try {
      const { chunks } = await session.fetch({ ...asked, memory: helper }, limited)
      yield* counted(chunks, progress)
    } finally {
      closePart(helper)
    }
  }
  const submodules = context.submodules.forSync(state.desired.entry)
  async function* fetchMore(
    { haves, history, refsDepth, submodule, wants }: PackRequest,
    memory: MemoryPart,
  ): AsyncGenerator<Uint8Array> {
    const asked = { wants, haves, thinPack: haves.length > 0, ...history }
    if (!submodule) return yield* fetch(asked, memory)
    const ownBytes = (memory.ownBytes * READER_SHARE) / SUBMODULE_FETCHES
    const helper = helperPart(memory, ownBytes)
    try {
      const whole = { ...asked, refsDepth, memory: helper }
      yield* counted(submodules.fetch(submodule, whole, limited), progress)
    } finally {
      closePart(helper)
    }
  }
  const target = targetOf(state, context)
  const { entry } = state.desired
  const fetchLfs = ({ submodule, ...asked }: LfsWant) => {
    const lfs = context.openLfs(submodule ? submoduleLogin(submodule.remote, entry) : entry)
    return lfs(asked, limited).map((chunks) => counted(chunks, progress))
  }
  const { insteadOf, remote, selection } = entry
  try {
    // A repair of the wanted commit brings no tag that leads to it.
    const isKept = revisions.want === wanted.commit && hasHistory(attempt)
    const isWanted = revisions.want === wanted.want || isKept
    const history = isWanted ? wantedHistory(entry, wanted) : state.observed.history
    const part = { target, selection, history, remote, insteadOf, ...revisions }
    const chunks = (memory: MemoryPart) => fetch(request, memory)
    const fetches = { chunks, fetch: fetchMore, fetchLfs }
    const pack = { ...part, ...fetches, progress: progress.work, ...(allow && { allow }) }
    return await context.workers.publish(pack, signal)
  } catch (error) {
    submodules.failed(error)
    throw error
  } finally {
    // A worker that fails early leaves the rest of the pack to nobody.
    fetching.abort()
  }
}

async function* counted<T extends Uint8Array>(
  chunks: AsyncIterable<T>,
  progress: SyncProgress,
): AsyncGenerator<T> {
  for await (const chunk of chunks) {
    progress.receive(chunk.length)
    yield chunk
  }
}
