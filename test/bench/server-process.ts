// The git server as a process of its own, so that its CPU time is not counted as ours.
// It sends its URL, and then its totals for each message it is sent, with what it was asked since the
// message before.
import type { IncomingMessage } from 'node:http'
import { startGitServer } from '../helpers/git-http-server.js'
import type { SentRequest } from './replay.js'

/** Since the start of the server. */
export interface ServerTotals {
  requests: number
  /** Bytes of the bodies of all responses. */
  bytesOut: number
  /** The most requests that were served at once since the totals were asked for last. */
  mostAtOnce: number
}

export type ServerMessage = { url: string } | (ServerTotals & { sent: SentRequest[] })

/** Of more than so many requests, nobody replays the first. */
const MOST_KEPT = 16

const root = process.argv[2] ?? '.'
let [running, mostAtOnce] = [0, 0]
let kept: (() => SentRequest)[] = []
const server = await startGitServer(
  { after: () => undefined },
  {
    root,
    onRequest(request, response) {
      kept = [...kept, keep(request)].slice(-MOST_KEPT)
      mostAtOnce = Math.max(mostAtOnce, ++running)
      response.once('close', () => running--)
      return false
    },
  },
)

process.on('message', () => {
  const bytesOut = server.requests.reduce((sum, request) => sum + request.bytesOut, 0)
  const sent = kept.map((each) => each())
  send({ requests: server.requests.length, bytesOut, mostAtOnce, sent })
  mostAtOnce = running
  kept = []
})
process.on('disconnect', () => process.exit())
send({ url: server.url })

/** Keeps a request as it comes; as listeners would start the stream, what is pushed is kept. */
function keep(request: IncomingMessage): () => SentRequest {
  const pieces: Buffer[] = []
  const push = request.push.bind(request)
  request.push = (piece, encoding) => {
    if (piece) pieces.push(Buffer.from(piece))
    return push(piece, encoding)
  }
  const { headers, method = '', url: path = '' } = request
  return () => ({ method, path, headers, body: Buffer.concat(pieces).toString('base64') })
}

function send(message: ServerMessage): void {
  process.send?.(message)
}
