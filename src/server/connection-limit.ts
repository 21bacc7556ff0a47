// Bounds the connections of an HTTP server, so that whoever reaches its port cannot take the
// descriptors that publishing needs. One more than the limit takes the place of the connection
// that has been idle longest; where every one waits for its answer, the new one is closed.
import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/** Lets `server` have at most `limit` connections at once. To be called before it listens. */
export function limitConnections(server: Server, limit: number): void {
  const open = new Set<Socket>()
  /** Those without a request that waits for its answer, the one that is so longest first. */
  const idle = new Set<Socket>()
  server.on('connection', (socket) => {
    open.add(socket)
    socket.once('close', () => {
      open.delete(socket)
      idle.delete(socket)
    })
    if (open.size > limit) {
      const [longest = socket] = idle
      open.delete(longest)
      idle.delete(longest)
      longest.destroy()
    }
    if (!socket.destroyed) idle.add(socket)
  })
  server.on('request', ({ socket }, response) => {
    idle.delete(socket)
    response.once('close', () => {
      if (!socket.destroyed) idle.add(socket)
    })
  })
}
