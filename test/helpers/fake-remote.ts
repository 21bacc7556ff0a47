// A remote without a network: what it has, what it was asked, and how it fails.
import type { Oid } from '../../src/git/oid.js'
import type {
  FetchedPack,
  FetchRequest,
  RemoteRef,
  RemoteSession,
} from '../../src/remote/remote-session.js'
import { Gate } from './gate.js'

export class FakeRemote implements RemoteSession {
  readonly #refs = new Map<string, RemoteRef>()
  /** The prefixes of every look at its refs. */
  readonly polls: (readonly string[])[] = []
  readonly fetches: FetchRequest[] = []
  /** Where looks at the refs wait, and where fetches do. */
  readonly polling = new Gate()
  readonly fetching = new Gate()
  /** While set, what every look at the refs, or every fetch, fails with. */
  pollError: Error | undefined
  fetchError: Error | undefined

  /** Sets the branch `main`, and HEAD that names it, to a commit. */
  push(commit: Oid): void {
    this.set('refs/heads/main', commit)
    this.set('HEAD', commit, { target: 'refs/heads/main' })
  }

  /** Sets one ref. */
  set(name: string, oid: Oid, { peeled, target }: Partial<RemoteRef> = {}): void {
    this.#refs.set(name, { name, oid, peeled, target })
  }

  /** Deletes a ref. */
  delete(name: string): void {
    this.#refs.delete(name)
  }

  /** What a ref names. */
  oidOf(name: string): Oid | undefined {
    return this.#refs.get(name)?.oid
  }

  async listRefs(prefixes: readonly string[], signal: AbortSignal): Promise<RemoteRef[]> {
    this.polls.push(prefixes)
    await this.polling.pass(signal)
    if (this.pollError) throw this.pollError
    const refs = [...this.#refs.values()]
    return refs.filter(({ name }) => prefixes.some((prefix) => name.startsWith(prefix)))
  }

  async hasCommit(): Promise<boolean> {
    return false
  }

  async fetch({ memory: _, ...request }: FetchRequest, signal: AbortSignal): Promise<FetchedPack> {
    this.fetches.push(request)
    await this.fetching.pass(signal)
    if (this.fetchError) throw this.fetchError
    return { chunks: oneChunk(Buffer.from('PACK')) }
  }
}

async function* oneChunk(chunk: Buffer): AsyncGenerator<Buffer> {
  yield chunk
}
