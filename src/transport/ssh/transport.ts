// The transport over SSH: each request runs git-upload-pack on a channel of its own, over
// the one connection that is kept for its host, user and credential.
// https://git-scm.com/docs/pack-protocol#_ssh_transport
import { toAbortError } from '../../base/abort-error.js'
import { toSyncError } from '../../base/errors.js'
import type { SshCredential } from '../../credentials/ssh/ssh-credential.js'
import { FLUSH } from '../../git/pkt-line.js'
import { started } from '../started.js'
import type { ObservedRequest, ProtocolVersion, Transport } from '../transport.js'
import {
  displayHost,
  lfsCommand,
  parseSshAddress,
  type SshAddress,
  uploadPackCommand,
} from './address.js'
import type { ConnectOptions } from './connect.js'
import { ConnectionPool } from './connection-pool.js'
import { converse } from './conversation.js'
import { skipSection } from './skip-section.js'

export interface SshTransportOptions
  extends Pick<ConnectOptions, 'clock' | 'defaults' | 'lookup' | 'onSecret'> {
  /** How long a server may send nothing, in milliseconds. */
  idleTimeoutMs: number
  /** @default 10_000 */
  connectTimeoutMs?: number
  /** Told of each request. */
  observe?: (request: ObservedRequest) => void
}

/** Transports that share their connections. */
export interface SshTransports {
  /** To the repository at an `ssh:` URL; at each request `authorize` is asked how to log in. */
  open(url: string, authorize: () => Promise<SshCredential>): Transport
  /** What the host of a repository says of where the objects of Git LFS are. */
  askForLfs(
    url: string,
    authorize: () => Promise<SshCredential>,
    signal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>>
  /** Ends every connection, and every request with `aborted`. */
  close(): Promise<void>
}

/** Creates transports with a pool of connections of their own. */
export function createSshTransports(options: SshTransportOptions): SshTransports {
  const { clock, defaults, lookup, onSecret, idleTimeoutMs, connectTimeoutMs = 10_000 } = options
  const pool = new ConnectionPool({
    clock,
    defaults,
    lookup,
    onSecret,
    connectTimeoutMs,
    loginTimeoutMs: idleTimeoutMs,
  })
  const request = async (
    url: string,
    authorize: () => Promise<SshCredential>,
    question: Question,
    signal: AbortSignal,
  ) => {
    const address = parseSshAddress(url)
    const { service } = question
    const observed = (code: string) =>
      options.observe?.({ host: displayHost(address), service, code })
    try {
      const credential = await authorize()
      const answer = await ask(pool, options, address, credential, question, signal)
      observed('200')
      return answer
    } catch (error) {
      const failure = signal.aborted ? toAbortError(signal.reason) : toSyncError(error)
      observed(failure.code)
      throw failure
    }
  }
  return {
    open(url, authorize) {
      const uploadPack = (rest: Omit<Question, keyof typeof UPLOAD_PACK>, signal: AbortSignal) =>
        request(url, authorize, { ...UPLOAD_PACK, ...rest }, signal)
      return {
        advertise: (signal) =>
          uploadPack({ input: FLUSH, version: 2, skipsAdvertisement: false }, signal),
        exchange: (input, version, signal) =>
          uploadPack({ input: ended(input, version), version, skipsAdvertisement: true }, signal),
      }
    },
    askForLfs: (url, authorize, signal) => request(url, authorize, LFS_QUESTION, signal),
    close: () => pool.close(),
  }
}

/** The flush packet ends the conversation, but in a fetch of protocol v0, which ends by itself. */
function ended(input: Buffer, version: ProtocolVersion): Buffer {
  return version === 0 ? input : Buffer.concat([input, FLUSH])
}

/** What a command is run for. */
interface Question {
  service: string
  /** By the path of the repository. */
  command: (path: string) => string
  input: Buffer
  version: ProtocolVersion
  /** Whether the answer starts after the advertisement, which comes first at any rate. */
  skipsAdvertisement: boolean
}

const UPLOAD_PACK = { service: 'git-upload-pack', command: uploadPackCommand }
const LFS_QUESTION: Question = {
  service: 'git-lfs-authenticate',
  command: lfsCommand,
  input: Buffer.alloc(0),
  version: 0,
  skipsAdvertisement: false,
}

/**
 * Returns the answer once it has begun. Where a kept connection broke before, the request goes out
 * once more over a new one; also where others used a connection up, which served at least them.
 */
async function ask(
  pool: ConnectionPool,
  { clock, idleTimeoutMs }: SshTransportOptions,
  address: SshAddress,
  credential: SshCredential,
  { command: commandFor, input, version, skipsAdvertisement }: Question,
  signal: AbortSignal,
): Promise<AsyncIterable<Buffer>> {
  const command = {
    command: commandFor(address.path),
    env: version === 2 ? { GIT_PROTOCOL: 'version=2' } : {},
  }
  const repository = `${displayHost(address)}:${address.path}`
  for (let isRepeated = false; ; ) {
    const { connection, isKept } = await pool.get(address, credential, signal)
    const limits = { clock, idleTimeoutMs, signal, repository }
    const output = converse(connection, command, input, limits)
    try {
      return (await started(skipsAdvertisement ? skipSection(output) : output)).stream
    } catch (error) {
      if (toSyncError(error).code !== 'connection-failed') throw error
      if (connection.isRetired) continue
      if (!isKept || isRepeated) throw error
      isRepeated = true
    }
  }
}
