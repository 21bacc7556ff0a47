// The end of the process, which no thread can hold up. Node waits for its threads at process.exit,
// and a system call that hangs (of a volume that is gone, of a FIFO) never ends.
import type { Worker } from 'node:worker_threads'

/** How long threads may take to end, in milliseconds: none that runs JavaScript takes so long. */
const PATIENCE_MS = 300

/** Ends the process with a code. Does not resolve. */
export type EndProcess = (exitCode: number) => Promise<never>

/** Keeps an eye on the threads that are started from now on. */
export function createEndProcess(): EndProcess {
  const threads = new Set<Worker>()
  process.on('worker', (thread) => {
    threads.add(thread)
    thread.once('exit', () => threads.delete(thread))
  })
  return async (exitCode) => {
    const ended = Promise.all([...threads].map((thread) => thread.terminate()))
    await Promise.race([ended, passed(PATIENCE_MS)])
    if (threads.size === 0 && !isWaitingForFiles()) process.exit(exitCode)
    return killSelf()
  }
}

/** Whether a call of the file system is under way in the threads of Node itself. */
function isWaitingForFiles(): boolean {
  return process.getActiveResourcesInfo().some((resource) => resource.startsWith('FSReq'))
}

/** By the signal, as if nobody listened to it: with the exit code 143. */
async function killSelf(): Promise<never> {
  process.removeAllListeners('SIGTERM')
  process.kill(process.pid, 'SIGTERM')
  // The first process of a container is spared by signals, but not by a fault of its own.
  await passed(PATIENCE_MS)
  return process.abort()
}

function passed(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
