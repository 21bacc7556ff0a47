// How a thread ends that has a task of its own: by itself, once it is asked. Node 20 aborts the whole
// process where a thread is terminated while it makes a zlib stream, so that is only for one that
// does not come to look.
import { parentPort, receiveMessageOnPort, type Worker } from 'node:worker_threads'

/** What asks a thread to end. */
const END = 'end'

/** How long a thread may go on that was asked to end, in milliseconds. */
const PATIENCE_MS = 10_000

const asking = new WeakSet<Worker>()

/** Says that what runs in a thread ends when it is asked: by {@link nextTask}. */
export function willEndWhenAsked(worker: Worker): void {
  asking.add(worker)
}

/** Ends a thread, which is asked where it listens, and terminated otherwise, or after its patience. */
export function endThread(worker: Worker, patienceMs = PATIENCE_MS): void {
  if (!asking.has(worker)) {
    void worker.terminate()
    return
  }
  // As by terminate(): its end counts, even of one that did not.
  worker.ref()
  worker.postMessage(END)
  const timer = setTimeout(() => void worker.terminate(), patienceMs).unref()
  worker.once('exit', () => clearTimeout(timer))
}

/** In the thread: waits for its task, and from then on ends when it is asked, between two turns. */
export function nextTask<Task>(): Promise<Task> {
  return new Promise((resolve) => {
    parentPort?.on('message', (message) => {
      if (message === END) process.exit()
      resolve(message)
    })
  })
}

/** In the thread, in work that does not come to a turn: ends it where that was asked. */
export function endIfAsked(): void {
  if (parentPort && receiveMessageOnPort(parentPort)?.message === END) process.exit()
}
