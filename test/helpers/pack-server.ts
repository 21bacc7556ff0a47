// A remote of one branch whose pack is whatever it is given: protocol v2 over HTTP.
import { FLUSH } from '../../src/git/pkt-line.js'
import type { TestScope } from './at-end.js'
import type { HeavyPack } from './heavy-packs.js'
import { startHttpServer } from './http-server.js'
import { band, encodeLines } from './pkts.js'

/** What one packet line of a pack holds, in bytes. */
const PIECE_BYTES = 65_000

export interface PackServer {
  /** Of a folder in which any repository is there. */
  readonly url: string
  /** How many were answered. */
  readonly requests: number
  /** What is served from now on. */
  serve(pack: HeavyPack): void
}

/** Starts a server on a free port of 127.0.0.1; it is closed after the test. */
export async function startPackServer(t: TestScope): Promise<PackServer> {
  let served: HeavyPack | undefined
  let requests = 0
  const { url } = await startHttpServer(t, async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const asked = Buffer.concat(chunks)
    const what = request.method === 'GET' ? 'advertisement' : 'result'
    response.setHeader('content-type', `application/x-git-upload-pack-${what}`)
    if (request.method === 'GET') {
      const capabilities = ['version 2', 'ls-refs', 'fetch=shallow', 'object-format=sha1']
      response.end(encodeLines('# service=git-upload-pack', '0000', ...capabilities, '0000'))
    } else if (asked.includes('command=ls-refs')) {
      response.end(encodeLines(`${served?.want} refs/heads/main`, '0000'))
    } else {
      response.write(encodeLines('packfile'))
      const pack = served?.pack ?? Buffer.alloc(0)
      for (let at = 0; at < pack.length; at += PIECE_BYTES) {
        response.write(encodeLines(band(1, pack.subarray(at, at + PIECE_BYTES))))
      }
      response.end(FLUSH)
    }
    requests++
  })
  return {
    url,
    get requests() {
      return requests
    },
    serve(pack) {
      served = pack
    },
  }
}
