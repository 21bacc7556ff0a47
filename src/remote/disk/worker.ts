// The worker thread that reads a repository's objects. It does one task and sends
// no more ahead than its reader keeps up with.
import { once } from 'node:events'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { ObjectStore } from './object-store.js'
import { peel } from './peel.js'
import { toLocalError } from './repository.js'
import { uploadPack } from './upload-pack.js'
import type { WorkerMessage, WorkerTask } from './worker-messages.js'

/** Pieces on their way at once. */
const WINDOW = 16
const PIECE_BYTES = 64 * 1024

if (parentPort) await run(parentPort, workerData as WorkerTask)

async function run(port: MessagePort, task: WorkerTask): Promise<void> {
  const send = (message: WorkerMessage) => port.postMessage(message)
  try {
    const store = new ObjectStore(task.repository)
    if (task.kind === 'peel') {
      const peeled = task.oids.map((oid) => [oid, peel(store, oid)] as const)
      send({ kind: 'peeled', peeled: new Map(peeled) })
    } else {
      await sendChunks(port, uploadPack(store, task.request))
    }
    store.close()
    send({ kind: 'done' })
  } catch (error) {
    const { code, message } = toLocalError(error, task.repository.directory)
    send({ kind: 'failed', code, message })
  }
}

/** Sends the bytes in larger pieces, whose memory leaves with them. */
async function sendChunks(port: MessagePort, chunks: AsyncIterable<Buffer>): Promise<void> {
  let underWay = 0
  port.on('message', () => underWay--)
  for await (const chunk of piecesOf(chunks)) {
    port.postMessage({ kind: 'chunk', chunk } satisfies WorkerMessage, [chunk.buffer])
    underWay++
    while (underWay >= WINDOW) await once(port, 'message')
  }
}

async function* piecesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer<ArrayBuffer>> {
  let piece = Buffer.allocUnsafeSlow(PIECE_BYTES)
  let filled = 0
  for await (const chunk of chunks) {
    for (let used = 0; used < chunk.length; ) {
      const copied = chunk.copy(piece, filled, used)
      used += copied
      filled += copied
      if (filled < PIECE_BYTES) continue
      yield piece
      piece = Buffer.allocUnsafeSlow(PIECE_BYTES)
      filled = 0
    }
  }
  if (filled > 0) yield piece.subarray(0, filled)
}
