// What a server can do, from the first answer it gives: protocol v2's capability
// advertisement or v0's reference advertisement.
// https://git-scm.com/docs/protocol-v2, https://git-scm.com/docs/pack-protocol
import { SyncError } from '../../base/errors.js'
import { isOid, type ObjectFormat } from '../../git/oid.js'
import type { Pkt } from '../../git/pkt-line.js'
import type { RemoteRef } from '../remote-session.js'
import { lineOf } from '../remote-words.js'

/** Capability names with their values; an empty string where there is none. */
export type Capabilities = ReadonlyMap<string, string>

export type Advertisement =
  | { version: 2; capabilities: Capabilities }
  | { version: 0; capabilities: Capabilities; refs: RemoteRef[] }

/** Decodes what a transport's `advertise` gives. Throws `protocol-error` or the server's own words. */
export async function decodeAdvertisement(pkts: AsyncIterable<Pkt>): Promise<Advertisement> {
  const lines: string[] = []
  let isComplete = false
  for await (const pkt of pkts) {
    if (pkt.type === 'data') lines.push(lineOf(pkt.payload))
    // The service line of HTTP is a section of its own; some servers leave it out.
    else if (lines.length === 1 && lines[0]?.startsWith('# service=')) lines.pop()
    else isComplete = true
  }
  if (!isComplete) {
    throw new SyncError(
      'protocol-error',
      "The remote's advertisement ended too early; it is asked again later",
    )
  }
  if (lines[0]?.startsWith('# service=')) lines.shift()
  if (lines[0] === 'version 2') return { version: 2, capabilities: capabilitiesOf(lines.slice(1)) }
  if (lines[0]?.startsWith('version ')) lines.shift()
  return decodeReferences(lines)
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

/** Older servers say nothing at all of an empty repository, not even capabilities. */
function decodeReferences(lines: string[]): Advertisement {
  if (lines.length === 0) return { version: 0, capabilities: new Map(), refs: [] }
  const [first = '', ...rest] = lines
  const [line = '', list = ''] = first.split('\0')
  const capabilities = capabilitiesOf(list.split(' ').filter(Boolean))
  const symrefs = new Map(symrefsOf(list))
  const refs = new Map<string, RemoteRef>()
  for (const text of [line, ...rest]) {
    const [oid = '', name = ''] = splitOnce(text, ' ')
    if (text.startsWith('shallow ')) continue
    if (!isOid(oid) || name === '') throw malformed(text)
    const peeled = name.endsWith('^{}') ? refs.get(name.slice(0, -3)) : undefined
    if (peeled) peeled.peeled = oid
    // An empty repository advertises its capabilities on a ref that is none.
    else if (name !== 'capabilities^{}')
      refs.set(name, { name, oid, peeled: undefined, target: symrefs.get(name) })
  }
  return { version: 0, capabilities, refs: [...refs.values()] }
}

function capabilitiesOf(items: string[]): Capabilities {
  return new Map(items.map((item) => splitOnce(item, '=')))
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

function malformed(text: string): SyncError {
  const shown = JSON.stringify(text.slice(0, 80))
  return new SyncError(
    'protocol-error',
    `The remote's list of refs is malformed at ${shown}; is the URL a git repository?`,
  )
}
