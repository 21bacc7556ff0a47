// The git server as a process of its own, so that its CPU time is not counted as ours.
// It sends its URL, and then its totals for each message it is sent.
import { startGitServer } from '../helpers/git-http-server.js'

/** Since the start of the server. */
export interface ServerTotals {
  requests: number
  /** Bytes of the bodies of all responses. */
  bytesOut: number
  /** The most requests that were served at once since the totals were asked for last. */
  mostAtOnce: number
}

export type ServerMessage = { url: string } | ServerTotals

const root = process.argv[2] ?? '.'
let [running, mostAtOnce] = [0, 0]
const server = await startGitServer(
  { after: () => undefined },
  {
    root,
    onRequest(_request, response) {
      mostAtOnce = Math.max(mostAtOnce, ++running)
      response.once('close', () => running--)
      return false
    },
  },
)

process.on('message', () => {
  const bytesOut = server.requests.reduce((sum, request) => sum + request.bytesOut, 0)
  send({ requests: server.requests.length, bytesOut, mostAtOnce })
  mostAtOnce = running
})
process.on('disconnect', () => process.exit())
send({ url: server.url })

function send(message: ServerMessage): void {
  process.send?.(message)
}
