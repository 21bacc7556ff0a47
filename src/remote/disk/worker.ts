// The worker thread that reads a repository's objects. It does one task and sends
// no more ahead than its reader keeps up with.
import { once } from 'node:events'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { ObjectStore } from './object-store.js'
import { toLocalError } from './repository.js'
import { encodeFetch, peel } from './upload-pack.js'
import type { WorkerMessage, WorkerTask } from './worker-messages.js'

/** Chunks on their way at once, each up to 64 KiB. */
const WINDOW = 16

if (parentPort) await run(parentPort, workerData as WorkerTask)

async function run(port: MessagePort, task: WorkerTask): Promise<void> {
  const send = (message: WorkerMessage, transfer: ArrayBuffer[] = []) =>
    port.postMessage(message, transfer)
  try {
    const store = new ObjectStore(task.repository)
    if (task.kind === 'peel') {
      const peeled = task.oids.map((oid) => [oid, peel(store, oid)] as const)
      send({ kind: 'peeled', peeled: new Map(peeled) })
    } else {
      await sendChunks(port, encodeFetch(store, task.request))
    }
    store.close()
    send({ kind: 'done' })
  } catch (error) {
    send({ kind: 'failed', ...describe(error, task.repository.directory) })
  }
}

function describe(error: unknown, directory: string) {
  const { code, message } = toLocalError(error, directory)
  if (code !== 'pack-corrupt') return { code, message }
  const advice = `The repository ${directory} is damaged; git fsck tells more`
  return { code, message: `${advice} (${message})` }
}

async function sendChunks(port: MessagePort, chunks: AsyncIterable<Buffer>): Promise<void> {
  let underWay = 0
  port.on('message', () => underWay--)
  for await (const chunk of chunks) {
    const owned = ownMemory(chunk)
    port.postMessage({ kind: 'chunk', chunk: owned } satisfies WorkerMessage, [owned.buffer])
    underWay++
    while (underWay >= WINDOW) await once(port, 'message')
  }
}

/** Small buffers share their memory with others, which must not leave with them. */
function ownMemory(chunk: Buffer): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, length } = chunk
  const isWhole = buffer instanceof ArrayBuffer && buffer.byteLength - length < length
  return isWhole ? new Uint8Array(buffer, byteOffset, length) : new Uint8Array(chunk)
}
