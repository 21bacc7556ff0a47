// The answer to a fetch, in protocol v2 and v0: skips to the pack and takes it out
// of the side-band. https://git-scm.com/docs/protocol-v2#_fetch
import { formatBytes } from '../../base/bytes.js'
import { SyncError } from '../../base/errors.js'
import type { Pkt } from '../../git/pkt-line.js'
import { lineOf, remoteError } from '../remote-error.js'
import { costOf } from './bounded.js'

/** How much a server may send beside the pack, in bytes: progress was not asked for. */
const MAX_ASIDE_BYTES = 4 * 1024 * 1024

const BAND = { pack: 1, progress: 2, error: 3 } as const

/**
 * Yields the bytes of the pack as they arrive. Throws `remote-error` with the server's words
 * from the error band, or `protocol-error` where no pack comes, or far too much beside it.
 */
export async function* decodeFetch(
  pkts: AsyncIterable<Pkt>,
  version: 0 | 2,
): AsyncGenerator<Buffer> {
  let inPack = false
  let asideBytes = 0
  // Read to the very end: only then can the connection be used again.
  for await (const pkt of pkts) {
    const wasInPack = inPack
    if (pkt.type === 'data' && !inPack) {
      inPack = version === 2 ? lineOf(pkt.payload) === 'packfile' : isBand(pkt.payload)
    }
    const isBanded = pkt.type === 'data' && inPack && (wasInPack || version === 0)
    const pack = isBanded ? packBytesOf(pkt.payload) : undefined
    if (pack && pack.length > 0) {
      yield pack
      continue
    }
    asideBytes += costOf(pkt)
    if (asideBytes > MAX_ASIDE_BYTES) throw tooTalkative()
  }
  if (!inPack)
    throw new SyncError(
      'protocol-error',
      'The remote answered the fetch without a pack; it is asked again later',
    )
}

function tooTalkative(): SyncError {
  return new SyncError(
    'protocol-error',
    `The remote sent more than ${formatBytes(MAX_ASIDE_BYTES)} beside the pack; no more of it is read: look at its log`,
  )
}

/** In v0 the lines before the pack (shallow, ACK, NAK) start with a letter, a band with its number. */
function isBand(payload: Buffer): boolean {
  if (payload[0] === undefined || payload[0] > BAND.error) lineOf(payload)
  return payload[0] !== undefined && payload[0] <= BAND.error
}

function packBytesOf(payload: Buffer): Buffer | undefined {
  switch (payload[0]) {
    case BAND.pack:
      return payload.subarray(1)
    case BAND.progress:
      return undefined
    case BAND.error:
      throw remoteError(payload.toString('utf8', 1))
    case undefined:
      throw unbanded('a part of a pack without a side-band')
    default:
      throw unbanded(`the unknown side-band ${payload[0]}`)
  }
}

function unbanded(what: string): SyncError {
  return new SyncError(
    'protocol-error',
    `The remote sent ${what}; check that no proxy changes its answers`,
  )
}
