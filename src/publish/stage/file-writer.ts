// Writes many files, from a second thread as well, so that they are written while the
// rest of a pack is still being read. Calls are synchronous: `flush` waits. Batches and results lie
// in shared memory, as a thread that is busy receives no message.
import { lstatSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { THREAD_LIMITS } from '../../thread/limits.js'
import { toFsPath } from '../../volume/byte-path.js'
import { writeNewFile } from '../../volume/volume.js'
import { STAT_FIELDS, statFields } from '../snapshot/snapshot.js'
import { BATCH, type FileBatch, MIN_BATCH_BYTES } from './file-batch.js'

const BATCH_BYTES = 512 * 1024
const BATCH_FILES = 256
/** How many batches the thread is given ahead; when it has as many, the caller writes itself. */
const AHEAD_BATCHES = 3
/** A thread that does not answer for so long never will, in milliseconds. */
const PATIENCE_MS = 10 * 60_000
/** How often it is looked whether the thread has died, in milliseconds. */
const LOOK_MS = 250

type Pending = {
  target: string
  permissions: number
  body: Uint8Array
  written: (status: ArrayLike<number>) => void
}

export class FileWriter {
  /** Becomes 1 when the thread ends, for whatever reason. */
  readonly #ended = new Int32Array(new SharedArrayBuffer(4))
  readonly #thread = new Worker(new URL('./file-writer-thread.js', import.meta.url), {
    workerData: this.#ended,
    resourceLimits: THREAD_LIMITS,
  })
  #files: Pending[] = []
  #bytes = 0
  readonly #onTheirWay: { batch: FileBatch; files: Pending[] }[] = []

  constructor() {
    this.#thread.unref()
  }

  /** Writes a new file, sooner or later; `written` receives its status at the latest in `flush`. */
  write(target: string, permissions: number, body: Uint8Array, written: Pending['written']): void {
    this.#files.push({ target, permissions, body, written })
    this.#bytes += body.length
    if (this.#bytes >= BATCH_BYTES || this.#files.length >= BATCH_FILES) this.#send()
  }

  /** Waits until everything is written. Throws the error of the file system. */
  flush(): void {
    this.#send()
    while (this.#onTheirWay.length > 0) this.#receive()
  }

  /** Ends the thread, once it has written what it was sent. */
  close(): void {
    this.#files = []
    for (const { batch } of this.#onTheirWay.splice(0)) this.#isAnswered(batch)
    this.#thread.postMessage(undefined)
  }

  #send(): void {
    const files = this.#files
    const bytes = this.#bytes
    this.#files = []
    this.#bytes = 0
    const ahead = this.#onTheirWay.at(-AHEAD_BATCHES)
    if (ahead && isPending(ahead.batch)) {
      for (const file of files) writeHere(file)
      return
    }
    while (this.#onTheirWay[0] && !isPending(this.#onTheirWay[0].batch)) this.#receive()
    if (files.length === 0) return
    const batch = createBatch(files, bytes)
    this.#onTheirWay.push({ batch, files })
    this.#thread.postMessage(batch)
  }

  #receive(): void {
    const [oldest] = this.#onTheirWay
    if (!oldest) return
    if (!this.#isAnswered(oldest.batch)) throw new Error('the thread that writes files has failed')
    this.#onTheirWay.shift()
    const { state, stats, bytes } = oldest.batch
    if (state[0] === BATCH.failed) throw decodeError(bytes, state[1] as number)
    for (const [index, { written }] of oldest.files.entries()) {
      written(stats.subarray(index * STAT_FIELDS, (index + 1) * STAT_FIELDS))
    }
  }

  /** Waits until the thread is through with a batch; false where it never will be. */
  #isAnswered({ state }: FileBatch): boolean {
    for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += LOOK_MS) {
      if (Atomics.wait(state, 0, BATCH.pending, LOOK_MS) !== 'timed-out') return true
      if (Atomics.load(this.#ended, 0) === 1) return false
    }
    return false
  }
}

function createBatch(files: readonly Pending[], byteCount: number): FileBatch {
  const bytes = new Uint8Array(new SharedArrayBuffer(Math.max(byteCount, MIN_BATCH_BYTES)))
  let position = 0
  for (const { body } of files) {
    bytes.set(body, position)
    position += body.length
  }
  return {
    files: files.map(({ target, permissions, body }) => ({
      target,
      permissions,
      length: body.length,
    })),
    state: new Int32Array(new SharedArrayBuffer(8)),
    stats: new Float64Array(new SharedArrayBuffer(8 * STAT_FIELDS * files.length)),
    bytes,
  }
}

function writeHere({ target, permissions, body, written }: Pending): void {
  writeNewFile(target, permissions, body)
  written(statFields(lstatSync(toFsPath(target))))
}

function isPending({ state }: FileBatch): boolean {
  return Atomics.load(state, 0) === BATCH.pending
}

/** An error as the file system throws it, with its code. */
function decodeError(bytes: Uint8Array, length: number): Error {
  const { message, ...rest } = JSON.parse(Buffer.from(bytes.slice(0, length)).toString()) as {
    message: string
    code: string
    syscall: string
    path?: string
  }
  return Object.assign(new Error(message), rest)
}
