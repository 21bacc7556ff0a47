// Asks a server whether it has a commit, which it tells those who say that they have it.
// https://git-scm.com/docs/protocol-v2#_fetch, https://git-scm.com/docs/pack-protocol#_packfile_negotiation
import { formatBytes } from '../../base/bytes.js'
import { SyncError } from '../../base/errors.js'
import type { Oid } from '../../git/oid.js'
import { DELIM, encodePkt, FLUSH, type Pkt } from '../../git/pkt-line.js'
import { lineOf } from '../remote-error.js'
import type { Advertisement } from './advertisement.js'
import { bounded } from './bounded.js'
import { encodeCommand } from './command.js'

/** Encodes the question whether the server has `commit`; `tip` is what one of its refs names. */
export function encodeQuestion(
  commit: Oid,
  tip: Oid,
  { capabilities, version }: Advertisement,
): Buffer {
  const have = encodePkt(`have ${commit}\n`)
  if (version === 2) {
    const want = encodePkt(`want ${tip}\n`)
    return Buffer.concat([...encodeCommand('fetch', capabilities), DELIM, want, have, FLUSH])
  }
  const chosen = capabilities.has('multi_ack_detailed') ? ' multi_ack_detailed' : ''
  return Buffer.concat([encodePkt(`want ${tip}${chosen}\n`), FLUSH, have, FLUSH])
}

/** How long an answer may be, in bytes: it is a line or two. */
const MAX_ANSWER_BYTES = 64 * 1024

/**
 * Whether the server says that it has the commit; of its answer, no more is read. Throws
 * `protocol-error` where it goes on and on without saying so.
 */
export async function decodeAnswer(pkts: AsyncIterable<Pkt>): Promise<boolean> {
  for await (const pkt of bounded(pkts, MAX_ANSWER_BYTES, tooLong)) {
    const [word] = pkt.type === 'data' ? lineOf(pkt.payload).split(' ') : []
    if (word === 'ACK') return true
    if (word === 'NAK') return false
  }
  return false
}

function tooLong(maxBytes: number): SyncError {
  return new SyncError(
    'protocol-error',
    `The remote was asked for one commit and answered with more than ${formatBytes(maxBytes)} that say neither yes nor no; look at its log`,
  )
}
