// A session with a git server in git's wire protocol, over any transport. What the server
// can do is asked once and kept, so that a later look at its refs is a single request.
// https://git-scm.com/docs/protocol-v2, https://git-scm.com/docs/pack-protocol
import { type ErrorCode, toSyncError } from '../../base/errors.js'
import type { Oid } from '../../git/oid.js'
import { decodePkts, type Pkt } from '../../git/pkt-line.js'
import type { MemoryPart } from '../../thread/memory-budget.js'
import type { Transport } from '../../transport/transport.js'
import { refsTooLarge } from '../refs-too-large.js'
import type { FetchedPack, FetchRequest, RemoteRef, RemoteSession } from '../remote-session.js'
import { listWanted, type RefsBounds, type WantedRefs } from '../wanted-refs.js'
import { type Advertisement, decodeAdvertisement } from './advertisement.js'
import { bounded } from './bounded.js'
import { encodeFetchV0, encodeFetchV2 } from './fetch-request.js'
import { decodeFetch } from './fetch-response.js'
import { decodeLsRefs, encodeLsRefs } from './ls-refs.js'
import { decodeAnswer, encodeQuestion } from './negotiation.js'

/** What ends an answer that may have been good. */
const BROKEN_OFF: ReadonlySet<ErrorCode> = new Set([
  'aborted',
  'connection-failed',
  'idle-timeout',
  'sync-timeout',
])

export class SmartSession implements RemoteSession {
  readonly #transport: Transport
  readonly #bounds: RefsBounds
  #advertisement: Advertisement | undefined
  /** Whether the last answer to a fetch was of no use: a cache on the way may have it still. */
  #isDoubtful = false

  constructor(transport: Transport, bounds: RefsBounds) {
    this.#transport = transport
    this.#bounds = bounds
  }

  /** One request once the server is known. */
  async listRefs(
    prefixes: readonly string[],
    signal: AbortSignal,
    waiting?: MemoryPart,
  ): Promise<RemoteRef[]> {
    return this.#forgettingOnFailure(() =>
      listWanted(prefixes, this.#bounds, { signal, waiting }, (wanted) =>
        this.#listRefs(wanted, signal),
      ),
    )
  }

  async #listRefs(wanted: WantedRefs, signal: AbortSignal): Promise<RemoteRef[]> {
    const known = this.#advertisement?.version === 2 ? this.#advertisement : undefined
    const advertisement = known ?? (await this.#discover(wanted, signal))
    if (advertisement.version === 0) return advertisement.refs
    const request = encodeLsRefs(wanted.prefixes, advertisement.capabilities)
    const answer = await this.#transport.exchange(request, 2, signal)
    return decodeLsRefs(this.#refsOf(answer), wanted)
  }

  async fetch(request: FetchRequest, signal: AbortSignal): Promise<FetchedPack> {
    return this.#forgettingOnFailure(async () => {
      const { version, capabilities } = this.#advertisement ?? (await this.#discoverAlone(signal))
      const encode = version === 2 ? encodeFetchV2 : encodeFetchV0
      const encoded = encode(request, capabilities)
      const answer = await this.#transport.exchange(encoded, version, signal, this.#isDoubtful)
      return { chunks: this.#chunksOf(decodeFetch(decodePkts(answer), version)) }
    })
  }

  async hasCommit(commit: Oid, tip: Oid, signal: AbortSignal): Promise<boolean> {
    return this.#forgettingOnFailure(async () => {
      const advertisement = this.#advertisement ?? (await this.#discoverAlone(signal))
      const question = encodeQuestion(commit, tip, advertisement)
      const answer = await this.#transport.exchange(question, advertisement.version, signal)
      return decodeAnswer(decodePkts(answer))
    })
  }

  /** Discovers what the server can do; no ref is asked for. */
  async #discoverAlone(signal: AbortSignal): Promise<Advertisement> {
    const alone = { signal, waiting: undefined }
    return listWanted([], this.#bounds, alone, (wanted) => this.#discover(wanted, signal))
  }

  async #discover(wanted: WantedRefs, signal: AbortSignal): Promise<Advertisement> {
    const answer = await this.#transport.advertise(signal)
    const advertisement = await decodeAdvertisement(this.#refsOf(answer), wanted)
    // The refs of a v0 server are asked for anew at each poll: only the rest is kept.
    this.#advertisement =
      advertisement.version === 0 ? { ...advertisement, refs: [] } : advertisement
    return advertisement
  }

  #refsOf(answer: AsyncIterable<Uint8Array>): AsyncGenerator<Pkt> {
    return bounded(decodePkts(answer), this.#bounds.maxRefsBytes, refsTooLarge)
  }

  async *#chunksOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    // Nobody reads on where it is no pack that can be used.
    let isDoubtful = true
    try {
      yield* chunks
      isDoubtful = false
    } catch (error) {
      this.#advertisement = undefined
      const { code } = toSyncError(error)
      isDoubtful = !BROKEN_OFF.has(code)
      throw error
    } finally {
      this.#isDoubtful = isDoubtful
    }
  }

  /**
   * A server that moved or was upgraded is discovered anew at the next attempt; at once where it
   * redirects what belongs to the place where it was before.
   */
  async #forgettingOnFailure<T>(attempt: () => Promise<T>): Promise<T> {
    const known = this.#advertisement
    try {
      return await attempt()
    } catch (error) {
      this.#advertisement = undefined
      const hasMoved = known !== undefined && toSyncError(error).code === 'redirect-refused'
      if (hasMoved) return this.#forgettingOnFailure(attempt)
      throw error
    }
  }
}
