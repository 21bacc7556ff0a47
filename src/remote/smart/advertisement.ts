// What a server can do, from the first answer it gives: protocol v2's capability
// advertisement or v0's reference advertisement.
// https://git-scm.com/docs/protocol-v2, https://git-scm.com/docs/pack-protocol
import { formatBytes } from '../../base/bytes.js'
import { SyncError } from '../../base/errors.js'
import { isOid, type ObjectFormat } from '../../git/oid.js'
import type { Pkt } from '../../git/pkt-line.js'
import { lineOf } from '../remote-error.js'
import type { RemoteRef } from '../remote-session.js'
import type { WantedRefs } from '../wanted-refs.js'

/** What a server may say of its capabilities, in bytes, as it is kept: git's own takes 300. */
const MAX_CAPABILITY_BYTES = 64 * 1024

/** Capability names with their values; an empty string where there is none. */
export type Capabilities = ReadonlyMap<string, string>

export type Advertisement =
  | { version: 2; capabilities: Capabilities }
  | { version: 0; capabilities: Capabilities; refs: RemoteRef[] }

/**
 * Decodes what a transport's `advertise` gives; of a v0 server's refs, those that are `wanted`.
 * Throws `protocol-error` or the server's own words.
 */
export async function decodeAdvertisement(
  pkts: AsyncIterable<Pkt>,
  wanted: WantedRefs,
): Promise<Advertisement> {
  const decoder = new AdvertisementDecoder(wanted)
  for await (const pkt of pkts) {
    if (pkt.type === 'data') await decoder.line(lineOf(pkt.payload))
    else decoder.endSection()
  }
  return decoder.finish()
}

/** The object format of the repository; sha1 where the server does not say. */
export function objectFormatIn(capabilities: Capabilities): ObjectFormat {
  const format = capabilities.get('object-format') ?? 'sha1'
  if (format === 'sha1' || format === 'sha256') return format
  throw new SyncError(
    'object-format-unsupported',
    `The repository uses the unknown object format ${format}; only sha1 and sha256 can be followed`,
  )
}

/** Takes an advertisement line by line, of which it holds only what is asked for later. */
class AdvertisementDecoder {
  readonly #wanted: WantedRefs
  /** The part that comes next; the service line of HTTP is a section that some servers leave out. */
  #next: 'service' | 'flush-of-service' | 'version' | 'capabilities' | 'refs' = 'service'
  #version: 0 | 2 = 0
  #isComplete = false
  readonly #capabilities = new Map<string, string>()
  #capabilityBytes = 0
  #symrefs: ReadonlyMap<string, string> = new Map()
  #lastRef: RemoteRef | undefined

  constructor(wanted: WantedRefs) {
    this.#wanted = wanted
  }

  async line(text: string): Promise<void> {
    const isStart = this.#next !== 'capabilities' && this.#next !== 'refs'
    if (this.#next === 'service' && text.startsWith('# service=')) this.#next = 'flush-of-service'
    else if (isStart && text === 'version 2') {
      this.#version = 2
      this.#next = 'capabilities'
    } else if (isStart && text.startsWith('version ')) this.#next = 'capabilities'
    else if (this.#version === 2) this.#addCapability(text)
    else if (this.#next === 'refs') await this.#addRef(text)
    else {
      this.#next = 'refs'
      const [line = '', list = ''] = text.split('\0')
      this.#symrefs = new Map(symrefsOf(list))
      for (const item of list.split(' ').filter(Boolean)) this.#addCapability(item)
      await this.#addRef(line)
    }
  }

  endSection(): void {
    if (this.#next === 'flush-of-service') this.#next = 'version'
    else this.#isComplete = true
  }

  /** Older servers say nothing at all of an empty repository, not even capabilities. */
  finish(): Advertisement {
    if (!this.#isComplete) {
      throw new SyncError(
        'protocol-error',
        "The remote's advertisement ended too early; it is asked again later",
      )
    }
    const capabilities = this.#capabilities
    return this.#version === 2
      ? { version: 2, capabilities }
      : { version: 0, capabilities, refs: this.#wanted.refs }
  }

  #addCapability(item: string): void {
    this.#capabilityBytes += item.length
    if (this.#capabilityBytes > MAX_CAPABILITY_BYTES) throw tooCapable()
    this.#capabilities.set(...splitOnce(item, '='))
  }

  async #addRef(text: string): Promise<void> {
    const [oid, name] = splitOnce(text, ' ')
    if (text.startsWith('shallow ')) return
    if (!isOid(oid) || name === '') throw malformed(text)
    if (name.endsWith('^{}')) {
      // Right after its tag; an empty repository advertises its capabilities on a ref that is none.
      if (this.#lastRef?.name === name.slice(0, -3)) this.#lastRef.peeled = oid
      return
    }
    this.#lastRef = { name, oid, peeled: undefined, target: this.#symrefs.get(name) }
    await this.#wanted.add(this.#lastRef)
  }
}

/** `symref=HEAD:refs/heads/main` may come several times, so a map of capabilities loses some. */
function symrefsOf(list: string): [string, string][] {
  return [...list.matchAll(/(?:^| )symref=([^ :]+):([^ ]+)/g)].map(([, name = '', target = '']) => [
    name,
    target,
  ])
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

function tooCapable(): SyncError {
  return new SyncError(
    'protocol-error',
    `The remote says more than ${formatBytes(MAX_CAPABILITY_BYTES)} of its capabilities; is the URL a git repository?`,
  )
}

function malformed(text: string): SyncError {
  const shown = JSON.stringify(text.slice(0, 80))
  return new SyncError(
    'protocol-error',
    `The remote's list of refs is malformed at ${shown}; is the URL a git repository?`,
  )
}
