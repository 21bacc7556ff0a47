// Files on their way to another thread, in memory that both see: a thread that is busy receives no
// message, and nothing is allocated or cloned for a batch. A batch is whoever's its phase says it is.
import { STAT_FIELDS } from '../snapshot/file-stats.js'

/** The most files of a batch, and the bytes of their paths and bodies. */
const MAX_FILES = 512
const MAX_BYTES = 512 * 1024

/** The phases of a batch: only `ready` is anyone's, who makes it `writing` by an exchange. */
export const PHASE = { free: 0, ready: 1, writing: 2, written: 3, failed: 4 } as const

/** Of each file: its permissions, and the bytes of its path and of its body, as u32. */
const HEADER_BYTES = 12

/** Where the numbers of a batch are: its phase, how many files it has, and which one failed. */
const [PHASE_AT, COUNT_AT, FAILED_AT, SAID_AT] = [0, 1, 2, 3]
const NUMBERS_BYTES = 16

/** Where the numbers are that both threads see beside the batches. */
export const CONTROL = { calls: 0, isClosed: 1, ended: 2 } as const

/** What the thread is started with. */
export interface WriterTask {
  base: string
  realBase: string
  batches: SharedBatch[]
  /** By {@link CONTROL}. */
  control: Int32Array
}

/** A new file: at an absolute byte path, with these permissions before the umask. */
export interface NewFile {
  path: string
  permissions: number
  body: Uint8Array
}

/** What both threads see of a batch. */
export type SharedBatch = SharedArrayBuffer

/** An empty batch. */
export function createSharedBatch(): SharedBatch {
  return new SharedArrayBuffer(NUMBERS_BYTES + MAX_FILES * STAT_FIELDS * 8 + MAX_BYTES)
}

/** A batch, as each of the threads has it. */
export class FileBatch {
  readonly #numbers: Int32Array
  readonly #stats: Float64Array
  readonly #bytes: Buffer
  /** Where the next file goes. */
  #end = 0

  constructor(shared: SharedBatch) {
    this.#numbers = new Int32Array(shared, 0, NUMBERS_BYTES / 4)
    this.#stats = new Float64Array(shared, NUMBERS_BYTES, MAX_FILES * STAT_FIELDS)
    const start = NUMBERS_BYTES + this.#stats.byteLength
    this.#bytes = Buffer.from(shared, start, MAX_BYTES)
  }

  get phase(): number {
    return Atomics.load(this.#numbers, PHASE_AT)
  }

  /** Gives a batch that is the caller's own to whom it is by its new phase. */
  set phase(phase: number) {
    Atomics.store(this.#numbers, PHASE_AT, phase)
    Atomics.notify(this.#numbers, PHASE_AT)
  }

  /** Takes a batch that is ready; returns whether it was. */
  take(): boolean {
    const { ready, writing } = PHASE
    return Atomics.compareExchange(this.#numbers, PHASE_AT, ready, writing) === ready
  }

  /** Waits for the other thread to be through with a batch; returns whether it is within `ms`. */
  wait(ms: number): boolean {
    return Atomics.wait(this.#numbers, PHASE_AT, PHASE.writing, ms) !== 'timed-out'
  }

  /** Adds a file; returns whether there was room for it. */
  add({ path, permissions, body }: NewFile): boolean {
    const count = this.#numbers[COUNT_AT] as number
    const bytes = HEADER_BYTES + path.length + body.length
    if (count === MAX_FILES || this.#end + bytes > MAX_BYTES) return false
    let end = this.#end
    for (const field of [permissions, path.length, body.length]) {
      end = this.#bytes.writeUInt32LE(field, end)
    }
    end += this.#bytes.write(path, end, 'latin1')
    this.#bytes.set(body, end)
    this.#end = end + body.length
    this.#numbers[COUNT_AT] = count + 1
    return true
  }

  /** Whether a file may have room in an empty batch. */
  static canHold({ path, body }: NewFile): boolean {
    return HEADER_BYTES + path.length + body.length <= MAX_BYTES
  }

  *files(): Generator<NewFile> {
    let at = 0
    for (let left = this.#numbers[COUNT_AT] as number; left > 0; left--) {
      const permissions = this.#bytes.readUInt32LE(at)
      const bodyAt = at + HEADER_BYTES + this.#bytes.readUInt32LE(at + 4)
      const path = this.#bytes.toString('latin1', at + HEADER_BYTES, bodyAt)
      at = bodyAt + this.#bytes.readUInt32LE(at + 8)
      yield { path, permissions, body: this.#bytes.subarray(bodyAt, at) }
    }
  }

  /** Remembers what was found out of a file. */
  setStatus(index: number, fields: ArrayLike<number>): void {
    this.#stats.set(fields, index * STAT_FIELDS)
  }

  statusOf(index: number): Float64Array {
    return this.#stats.subarray(index * STAT_FIELDS, (index + 1) * STAT_FIELDS)
  }

  /** Leaves what went wrong with a file, in place of the files. */
  fail(index: number, error: unknown): void {
    const { message, code, syscall } = error as NodeJS.ErrnoException
    const said = Buffer.from(JSON.stringify({ message: message.slice(0, 8192), code, syscall }))
    this.#numbers[SAID_AT] = said.copy(this.#bytes)
    this.#numbers[FAILED_AT] = index
    this.phase = PHASE.failed
  }

  /** The error of the system that was left, and which file it was. */
  failure(): { index: number; error: Error } {
    const said = this.#bytes.toString('utf8', 0, this.#numbers[SAID_AT])
    const { message, ...rest } = JSON.parse(said) as { message: string }
    const error = Object.assign(new Error(message), rest)
    return { index: this.#numbers[FAILED_AT] as number, error }
  }

  /** Has room for other files. */
  clear(): void {
    this.#numbers[COUNT_AT] = 0
    this.#end = 0
    this.phase = PHASE.free
  }
}
