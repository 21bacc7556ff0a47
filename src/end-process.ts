// The end of the process, which no thread can hold up. Node waits for its threads at process.exit,
// and a system call that hangs (of a volume that is gone, of a FIFO) never ends.
import type { Worker } from 'node:worker_threads'
import { endThread } from './thread/ending.js'

/**
 * So often it is looked, and after so many milliseconds each, whether threads and calls have ended:
 * all that do not hang have by then. Not by a clock, which goes on where this process does not.
 */
const PATIENCE = { looks: 200, everyMs: 10 }

/** How long a thread may go on that is asked to end, in milliseconds: it is terminated then. */
const ASKED_MS = 1000

/** Ends the process with a code. Does not resolve. */
export type EndProcess = (exitCode: number) => Promise<never>

/** Keeps an eye on the threads that are started from now on. */
export function createEndProcess(): EndProcess {
  const threads = new Set<Worker>()
  let isEnding = false
  process.on('worker', (thread) => {
    threads.add(thread)
    thread.once('exit', () => threads.delete(thread))
    // A pool starts another in the place of one that ends.
    if (isEnding) endThread(thread, ASKED_MS)
  })
  return async (exitCode) => {
    isEnding = true
    for (const thread of threads) endThread(thread, ASKED_MS)
    const isHeldUp = () => threads.size > 0 || isWaitingForFiles()
    for (let looks = 0; isHeldUp() && looks < PATIENCE.looks; looks++) {
      await passed(PATIENCE.everyMs)
    }
    return isHeldUp() ? killSelf() : process.exit(exitCode)
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
  await passed(PATIENCE.looks * PATIENCE.everyMs)
  return process.abort()
}

function passed(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
