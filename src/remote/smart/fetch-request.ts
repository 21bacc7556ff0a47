// What is asked of a remote's upload-pack, in protocol v2 and in v0.
// Whoever has and wants the same sends the same bytes, so that a cache between them can answer.
// https://git-scm.com/docs/protocol-v2#_fetch, https://git-scm.com/docs/pack-protocol
import { SyncError } from '../../base/errors.js'
import { DELIM, encodePkt, FLUSH } from '../../git/pkt-line.js'
import type { FetchRequest } from '../remote-session.js'
import type { Capabilities } from './advertisement.js'
import { encodeCommand } from './command.js'

/** Encodes the request for a server of protocol v2. */
export function encodeFetchV2(request: FetchRequest, capabilities: Capabilities): Buffer {
  const canFilter = capabilities.get('fetch')?.split(' ').includes('filter') ?? false
  const {
    depth = 1,
    haves,
    shallow = haves,
    thinPack,
    wants,
    withoutBlobs,
  } = canFilter ? request : unfiltered(request)
  return Buffer.concat([
    ...encodeCommand('fetch', capabilities),
    DELIM,
    ...(thinPack ? [encodePkt('thin-pack\n')] : []),
    encodePkt('no-progress\n'),
    encodePkt('ofs-delta\n'),
    ...(withoutBlobs ? [encodePkt('filter blob:none\n')] : []),
    ...shallow.toSorted().map((oid) => encodePkt(`shallow ${oid}\n`)),
    encodePkt(`deepen ${depth}\n`),
    ...wants.toSorted().map((oid) => encodePkt(`want ${oid}\n`)),
    ...haves.toSorted().map((oid) => encodePkt(`have ${oid}\n`)),
    encodePkt('done\n'),
    FLUSH,
  ])
}

/** Whoever leaves blobs out has not what a remote that sends them takes for granted. */
function unfiltered(request: FetchRequest): FetchRequest {
  const { depth, wants, withoutBlobs } = request
  return withoutBlobs ? { wants, haves: [], thinPack: false, depth } : request
}

/** Encodes the request for a server of protocol v0. Throws where the server lacks what it takes. */
export function encodeFetchV0(whole: FetchRequest, capabilities: Capabilities): Buffer {
  // A server that knows no v2 need not serve blobs by their oid.
  const request = unfiltered(whole)
  for (const needed of ['shallow', 'side-band-64k']) {
    if (!capabilities.has(needed)) {
      throw new SyncError(
        'protocol-error',
        `The remote lacks the capability ${needed}: its git is too old to be followed, update it there`,
      )
    }
  }
  // Azure DevOps refuses who does not ask for the better of the two that it has.
  const multiAck = capabilities.has('multi_ack_detailed') ? 'multi_ack_detailed' : 'multi_ack'
  const wanted = ['side-band-64k', 'ofs-delta', 'no-progress', multiAck]
  const chosen = wanted.filter((name) => capabilities.has(name))
  if (request.thinPack && capabilities.has('thin-pack')) chosen.push('thin-pack')
  if (capabilities.has('object-format'))
    chosen.push(`object-format=${capabilities.get('object-format')}`)
  if (capabilities.has('agent')) chosen.push('agent=git-autosync')
  return Buffer.concat([
    ...request.wants
      .toSorted()
      .map((oid, index) =>
        encodePkt(index === 0 ? `want ${oid} ${chosen.join(' ')}\n` : `want ${oid}\n`),
      ),
    ...(request.shallow ?? request.haves).toSorted().map((oid) => encodePkt(`shallow ${oid}\n`)),
    encodePkt(`deepen ${request.depth ?? 1}\n`),
    FLUSH,
    ...request.haves.toSorted().map((oid) => encodePkt(`have ${oid}\n`)),
    encodePkt('done\n'),
  ])
}
