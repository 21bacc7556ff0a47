// A session with a git server in git's wire protocol, over any transport. What the server
// can do is asked once and kept, so that a later look at its refs is a single request.
// https://git-scm.com/docs/protocol-v2, https://git-scm.com/docs/pack-protocol
import { decodePkts } from '../../git/pkt-line.js'
import type { Transport } from '../../transport/transport.js'
import type { FetchedPack, FetchRequest, RemoteRef, RemoteSession } from '../remote-session.js'
import { type Advertisement, decodeAdvertisement } from './advertisement.js'
import { bounded } from './bounded.js'
import { encodeFetchV0, encodeFetchV2 } from './fetch-request.js'
import { decodeFetch } from './fetch-response.js'
import { decodeLsRefs, encodeLsRefs } from './ls-refs.js'

export class SmartSession implements RemoteSession {
  readonly #transport: Transport
  readonly #maxRefsBytes: number
  #advertisement: Advertisement | undefined

  /** `maxRefsBytes` is the most that the remote's list of refs may take. */
  constructor(transport: Transport, maxRefsBytes: number) {
    this.#transport = transport
    this.#maxRefsBytes = maxRefsBytes
  }

  /** One request once the server is known. */
  async listRefs(prefixes: readonly string[], signal: AbortSignal): Promise<RemoteRef[]> {
    return this.#forgettingOnFailure(async () => {
      const known = this.#advertisement?.version === 2 ? this.#advertisement : undefined
      const advertisement = known ?? (await this.#discover(signal))
      if (advertisement.version === 0) {
        return advertisement.refs.filter(({ name }) =>
          prefixes.some((prefix) => name.startsWith(prefix)),
        )
      }
      const request = encodeLsRefs(prefixes, advertisement.capabilities)
      const answer = await this.#transport.exchange(request, 2, signal)
      return decodeLsRefs(bounded(decodePkts(answer), this.#maxRefsBytes))
    })
  }

  async fetch(request: FetchRequest, signal: AbortSignal): Promise<FetchedPack> {
    return this.#forgettingOnFailure(async () => {
      const { version, capabilities } = this.#advertisement ?? (await this.#discover(signal))
      const encode = version === 2 ? encodeFetchV2 : encodeFetchV0
      const encoded = encode(request, capabilities)
      const answer = await this.#transport.exchange(encoded, version, signal)
      return { chunks: this.#chunksOf(decodeFetch(decodePkts(answer), version)) }
    })
  }

  async #discover(signal: AbortSignal): Promise<Advertisement> {
    const answer = await this.#transport.advertise(signal)
    const advertisement = await decodeAdvertisement(bounded(decodePkts(answer), this.#maxRefsBytes))
    // The refs of a v0 server are asked for anew at each poll: only the rest is kept.
    this.#advertisement =
      advertisement.version === 0 ? { ...advertisement, refs: [] } : advertisement
    return advertisement
  }

  async *#chunksOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    try {
      yield* chunks
    } catch (error) {
      this.#advertisement = undefined
      throw error
    }
  }

  /** A server that moved or was upgraded is discovered anew at the next attempt. */
  async #forgettingOnFailure<T>(attempt: () => Promise<T>): Promise<T> {
    try {
      return await attempt()
    } catch (error) {
      this.#advertisement = undefined
      throw error
    }
  }
}
