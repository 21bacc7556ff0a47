// What a thread asks of the one that started it, while its job goes on: it waits for the answer
// without being busy, and a job that is stopped is answered at once.
import type { MessagePort } from 'node:worker_threads'
import { abortable } from '../base/abortable.js'
import { type Reply, reply, unwrap } from './reply.js'
import { stopped } from './stop.js'

/** Waits for what comes to `port` by {@link answer}. Throws the error of the other thread. */
export async function answerAt<T>(port: MessagePort): Promise<T> {
  const replied = await new Promise<Reply<T>>((resolve, reject) => {
    port.once('message', resolve)
    port.once('close', () => reject(stopped()))
  })
  port.close()
  return unwrap(replied)
}

/** Sends what `work` comes to; where `signal` aborts before, that. Never rejects. */
export async function answer<T>(
  port: MessagePort,
  work: () => Promise<T>,
  signal: AbortSignal,
): Promise<void> {
  const whole = () =>
    abortable(work(), signal).catch((error) => {
      throw signal.aborted ? stopped(signal.reason) : error
    })
  port.postMessage(await reply(whole))
}
