// Writes the files of a large publication from a second thread as well, while the pack is still
// being read. Whatever that thread has not begun is written here where there is nothing else to do,
// so that nothing depends on whether it is fast, or starts at all.
import { availableParallelism } from 'node:os'
import type { Worker } from 'node:worker_threads'
import { startThread } from '../../thread/run.js'
import type { Volume } from '../../volume/volume.js'
import { statFields } from '../snapshot/snapshot.js'
import {
  CONTROL,
  createSharedBatch,
  FileBatch,
  type NewFile,
  PHASE,
  type WriterTask,
} from './file-batch.js'

/** From so many files on, the start of a thread pays. */
const MANY_FILES = 2000
const BATCHES = 4
/** How often it is looked whether a thread that is waited for is still there, in milliseconds. */
const LOOK_MS = 250

/** Told of a file that was written: what a snapshot remembers of it. */
export type Written = (status: ArrayLike<number>) => void

/** Where files are written. */
export interface FileWriterOptions {
  volume: Volume
  /** Throws when the work is to be given up. */
  checkpoint: () => void
  /** Makes one of the files, and says what it means where that fails. */
  creating: (create: () => void, path: string) => void
  /** How many threads write. @default 2, where the machine has so many processors */
  threads?: number
}

/** Writes files where nothing is. To be closed in the end. */
export class FileWriter {
  readonly #options: FileWriterOptions
  #count = 0
  #thread: WriterThread | undefined

  constructor(options: FileWriterOptions) {
    this.#options = options
  }

  /** Writes a file, sooner or later; `written` is told at the latest by {@link flush}. */
  write(file: NewFile, written: Written): void {
    if (++this.#count === MANY_FILES) this.#share()
    if (!this.#thread || !FileBatch.canHold(file)) this.#writeHere(file, written)
    else if (!this.#thread.add(file, written)) this.#makeRoom(this.#thread, file, written)
  }

  /** Waits until everything is written. Throws the error of the file system. */
  flush(): void {
    const thread = this.#thread
    if (!thread) return
    thread.send()
    for (let own = thread.take(); own; own = thread.take()) this.#writeBatch(own)
    for (const waiting of thread.waiting) {
      while (!waiting.batch.wait(LOOK_MS)) {
        this.#options.checkpoint()
        if (thread.hasEnded) throw new Error('The thread that writes files has ended')
      }
      this.#receive(waiting)
    }
  }

  /** Ends the thread, which begins no other file. */
  close(): void {
    this.#thread?.close()
    this.#thread = undefined
  }

  #share(): void {
    const { threads = availableParallelism(), volume } = this.#options
    if (threads > 1) this.#thread = new WriterThread(volume)
  }

  /** Of two threads, the one that is behind has its batch written by the other. */
  #makeRoom(thread: WriterThread, file: NewFile, written: Written): void {
    for (const waiting of thread.waiting) {
      if (waiting.batch.phase >= PHASE.written) this.#receive(waiting)
    }
    if (!thread.send()) this.#writeBatch(thread.own)
    thread.add(file, written)
  }

  /** What was written, or went wrong, in a batch of which the thread is through. */
  #receive({ batch, files }: Handed): void {
    if (batch.phase === PHASE.failed) {
      const { error, index } = batch.failure()
      this.#options.creating(
        () => {
          throw error
        },
        (files[index] as Pending).path,
      )
    }
    for (const [index, { written }] of files.entries()) written(batch.statusOf(index))
    files.length = 0
    batch.clear()
  }

  #writeBatch({ batch, files }: Handed): void {
    let index = 0
    for (const file of batch.files()) this.#writeHere(file, (files[index++] as Pending).written)
    files.length = 0
    batch.clear()
  }

  #writeHere({ path, permissions, body }: NewFile, written: Written): void {
    const { creating, volume } = this.#options
    creating(() => written(statFields(volume.writeNew(path, permissions, [body]))), path)
  }
}

interface Pending {
  path: string
  written: Written
}

/** A batch, and who is to be told of its files. */
interface Handed {
  batch: FileBatch
  files: Pending[]
}

/** The other thread, and the batches between. */
class WriterThread {
  readonly #control = new Int32Array(new SharedArrayBuffer(4 * Object.keys(CONTROL).length))
  readonly #all: readonly Handed[]
  readonly #worker: Worker
  /** The batch that is filled. */
  own: Handed

  constructor({ base, realBase }: Volume) {
    const shared = Array.from({ length: BATCHES }, createSharedBatch)
    this.#all = shared.map((each) => ({ batch: new FileBatch(each), files: [] }))
    this.own = this.#all[0] as Handed
    const task: WriterTask = {
      base: base || '/',
      realBase,
      batches: shared,
      control: this.#control,
    }
    this.#worker = startThread(new URL('./file-writer-worker.js', import.meta.url), task)
    // Not by itself what keeps a process from its end.
    this.#worker.unref()
  }

  get hasEnded(): boolean {
    return Atomics.load(this.#control, CONTROL.ended) === 1
  }

  /** The batches that were handed over and not received. */
  get waiting(): Handed[] {
    return this.#all.filter(({ batch }) => batch.phase !== PHASE.free && batch !== this.own.batch)
  }

  /** Returns whether there was room. */
  add(file: NewFile, written: Written): boolean {
    if (!this.own.batch.add(file)) return false
    this.own.files.push({ path: file.path, written })
    return true
  }

  /** Hands the own batch over; returns whether there is another to fill. */
  send(): boolean {
    const next = this.#all.find((each) => each !== this.own && each.batch.phase === PHASE.free)
    if (!next) return false
    this.own.batch.phase = PHASE.ready
    this.own = next
    this.#call()
    return true
  }

  /** Takes back what nobody has begun. */
  take(): Handed | undefined {
    const own = this.own.files.length > 0 ? this.own : undefined
    return own ?? this.#all.find(({ batch }) => batch.take())
  }

  close(): void {
    Atomics.store(this.#control, CONTROL.isClosed, 1)
    this.#call()
    for (const { batch } of this.#all) {
      while (batch.phase === PHASE.writing && !this.hasEnded) batch.wait(LOOK_MS)
    }
  }

  #call(): void {
    Atomics.add(this.#control, CONTROL.calls, 1)
    Atomics.notify(this.#control, CONTROL.calls)
  }
}
