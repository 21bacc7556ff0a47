// One request to upload-pack on a channel of its own: all that is asked is sent at once,
// and all that it says is passed on. https://git-scm.com/docs/pack-protocol#_ssh_transport

import { toAbortError } from '../../base/abort-error.js'
import type { Clock } from '../../base/clock.js'
import type { ChannelReader } from './channel-reader.js'
import type { SshCommand, SshConnection } from './connection.js'
import { IdleLimit } from './idle-limit.js'
import { refusal, silence } from './ssh-error.js'

export interface ConversationOptions {
  clock: Clock
  /** How long a server may send nothing, in milliseconds. */
  idleTimeoutMs: number
  signal: AbortSignal
  /** As errors show it. */
  repository: string
}

/**
 * Runs upload-pack, sends `input`, and yields all it says. Throws the reason of the signal,
 * `idle-timeout`, what ended the connection, or upload-pack's refusal. Leaving it early, or any
 * fault, closes the channel.
 */
export async function* converse(
  connection: SshConnection,
  command: SshCommand,
  input: Buffer,
  { clock, idleTimeoutMs, signal, repository }: ConversationOptions,
): AsyncGenerator<Buffer> {
  const idleLimit = new IdleLimit({
    clock,
    limitMs: idleTimeoutMs,
    signal,
    silence: () => silence(connection.host),
  })
  let reader: ChannelReader | undefined
  try {
    const output = await connection.exec(command, idleLimit)
    reader = output
    output.send(input)
    let hasSpoken = false
    for (;;) {
      const chunk = await idleLimit.during((limited) => output.next(limited))
      if (!chunk) break
      hasSpoken = true
      yield chunk
    }
    const { exit, stderr } = output
    const isCut = exit.code === undefined && exit.signal === undefined
    if (isCut && connection.failure) throw connection.failure
    if (exit.code !== 0 && !(isCut && hasSpoken)) throw refusal(repository, exit, stderr)
  } catch (error) {
    throw signal.aborted ? toAbortError(signal.reason) : error
  } finally {
    // A connection that is silent may have lost its peer.
    if (idleLimit.isLost) connection.retire()
    idleLimit.end()
    reader?.close()
  }
}
