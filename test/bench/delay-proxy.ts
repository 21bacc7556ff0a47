// A network that is far: a proxy of TCP that adds a delay in each direction.
import net, { type AddressInfo, type Socket } from 'node:net'
import type { TestScope } from '../helpers/at-end.js'

/** Starts a proxy to the server at `url`, and returns its own URL; it ends with the scope. */
export async function startDelayProxy(
  scope: TestScope,
  url: string,
  delayMs: number,
): Promise<string> {
  const { hostname, port } = new URL(url)
  const sockets = new Set<Socket>()
  const server = net.createServer((near) => {
    const far = net.connect(Number(port), hostname)
    for (const socket of [near, far]) {
      sockets.add(socket.setNoDelay(true))
      socket.on('error', () => undefined)
      socket.once('close', () => sockets.delete(socket))
    }
    later(near, far, delayMs)
    later(far, near, delayMs)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  scope.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** In the order in which it came, as timers of one delay fire in theirs. */
function later(from: Socket, to: Socket, delayMs: number): void {
  from.on('data', (chunk) => setTimeout(() => to.write(chunk), delayMs))
  from.on('close', () => setTimeout(() => to.end(), delayMs))
}
