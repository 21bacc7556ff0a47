// Packet lines as a server would send them.
import { DELIM, decodePkts, encodePkt, FLUSH, type Pkt } from '../../src/git/pkt-line.js'

/** One packet line: text or bytes, `0000` for a flush, `0001` for a delimiter. */
export type Line = string | Uint8Array

/** The bytes of `lines`; text is ended with a newline. */
export function encodeLines(...lines: Line[]): Buffer {
  return Buffer.concat(
    lines.map((line) => {
      if (line === '0000') return FLUSH
      if (line === '0001') return DELIM
      return encodePkt(typeof line === 'string' ? `${line}\n` : line)
    }),
  )
}

/** The packet lines as a stream. */
export function pktStream(...lines: Line[]): AsyncGenerator<Pkt> {
  return decodePkts([encodeLines(...lines)])
}

/** A packet line of a side-band. */
export function band(number: number, payload: string | Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([number]), Buffer.from(payload)])
}

/** The text of each data packet line of `bytes`, and `0000` and `0001` for the others. */
export async function decodeLines(bytes: Uint8Array): Promise<string[]> {
  const lines: string[] = []
  for await (const pkt of decodePkts([bytes])) {
    if (pkt.type === 'data') lines.push(pkt.payload.toString().replace(/\n$/, ''))
    else lines.push(pkt.type === 'flush' ? '0000' : '0001')
  }
  return lines
}
