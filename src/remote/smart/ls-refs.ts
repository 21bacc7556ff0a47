// Protocol v2's ls-refs command. https://git-scm.com/docs/protocol-v2#_ls_refs
import { SyncError } from '../../base/errors.js'
import { isOid } from '../../git/oid.js'
import { DELIM, encodePkt, FLUSH, type Pkt } from '../../git/pkt-line.js'
import { lineOf } from '../remote-error.js'
import type { RemoteRef } from '../remote-session.js'
import type { WantedRefs } from '../wanted-refs.js'
import type { Capabilities } from './advertisement.js'
import { encodeCommand } from './command.js'

/** Encodes a request for the refs that start with any of `prefixes`. */
export function encodeLsRefs(prefixes: readonly string[], capabilities: Capabilities): Buffer {
  return Buffer.concat([
    ...encodeCommand('ls-refs', capabilities),
    DELIM,
    encodePkt('peel\n'),
    encodePkt('symrefs\n'),
    ...prefixes.map((prefix) => encodePkt(`ref-prefix ${prefix}\n`)),
    FLUSH,
  ])
}

/**
 * Decodes the answer, and adds its refs to `wanted`. Throws `protocol-error` or the server's own
 * words.
 */
export async function decodeLsRefs(
  pkts: AsyncIterable<Pkt>,
  wanted: WantedRefs,
): Promise<RemoteRef[]> {
  let complete = false
  // Read to the very end: only then can the connection be used again.
  for await (const pkt of pkts) {
    if (pkt.type === 'data') await wanted.add(decodeRef(lineOf(pkt.payload)))
    complete ||= pkt.type === 'flush'
  }
  if (complete) return wanted.refs
  throw new SyncError(
    'protocol-error',
    "The remote's list of refs ended too early; it is asked again later",
  )
}

function decodeRef(line: string): RemoteRef {
  const [oid = '', name = '', ...attributes] = line.split(' ')
  const attribute = (key: string) =>
    attributes.find((text) => text.startsWith(`${key}:`))?.slice(key.length + 1)
  const peeled = attribute('peeled')
  if (!isOid(oid) || name === '' || (peeled !== undefined && !isOid(peeled))) {
    throw new SyncError(
      'protocol-error',
      `The remote's list of refs is malformed at ${JSON.stringify(line.slice(0, 80))}; check that no proxy changes its answers`,
    )
  }
  return { name, oid, peeled, target: attribute('symref-target') }
}
