// Asks a server whether it has a commit, which it tells those who say that they have it.
// https://git-scm.com/docs/protocol-v2#_fetch, https://git-scm.com/docs/pack-protocol#_packfile_negotiation

import type { Oid } from '../../git/oid.js'
import { DELIM, encodePkt, FLUSH, type Pkt } from '../../git/pkt-line.js'
import { lineOf } from '../remote-error.js'
import type { Advertisement } from './advertisement.js'
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

/** Whether the server says that it has the commit; of its answer, no more is read. */
export async function decodeAnswer(pkts: AsyncIterable<Pkt>): Promise<boolean> {
  for await (const pkt of pkts) {
    const [word] = pkt.type === 'data' ? lineOf(pkt.payload).split(' ') : []
    if (word === 'ACK') return true
    if (word === 'NAK') return false
  }
  return false
}
