// A worker pool without threads or files: what is in place is a map. No directory is ever
// worked on twice at once; a test can assert it by `overlaps`.
import type { Oid } from '../../src/git/oid.js'
import type { Depth } from '../../src/publish/drift/comparison.js'
import type { Drift, FirstPaths, Inspection } from '../../src/publish/drift/inspection.js'
import type { ShownContent } from '../../src/publish/publisher.js'
import type { Target } from '../../src/publish/target.js'
import { ALL, selectionKey } from '../../src/publish/tree/selection.js'
import type { PackToPublish, WorkerPool } from '../../src/worker/pool.js'
import type { Unpacked } from '../../src/worker/unpacked.js'
import { FakeLeases } from './fake-leases.js'
import { Gate } from './gate.js'
import { memoryOf } from './memory.js'

type Job = 'inspect' | 'publish' | 'tidy' | 'unpublish'

interface JobOptions {
  asked?: string
  signal?: AbortSignal
  /** Comes before the gate. */
  receive?: () => Promise<void>
}

const UNPACKED = { bytes: 4, unpackMs: 0, publishMs: 0, filesWritten: 1, filesDeleted: 0 }

export class FakeWorkers implements WorkerPool {
  readonly leases = new FakeLeases()
  /** What was asked, in order, as `job directory`; a publish with its want, its have, and what is selected. */
  readonly calls: string[] = []
  /** The jobs that have ended, whatever became of them. */
  readonly ended: string[] = []
  /** Directories on which a job began while another was not done. */
  readonly overlaps: string[] = []
  /** The commit in place, by directory. */
  readonly inPlace = new Map<string, Oid>()
  /** What differs from the commit in place, by directory. */
  readonly drift = new Map<string, Drift>()
  /** What the next look at a directory removes. */
  readonly foreign = new Map<string, FirstPaths>()
  /** Which commit a tag leads to. */
  readonly peeled = new Map<Oid, Oid>()
  /** Where each kind of job waits. */
  readonly gates: Record<Job, Gate> = {
    inspect: new Gate(),
    publish: new Gate(),
    tidy: new Gate(),
    unpublish: new Gate(),
  }
  /** What the next jobs of each kind fail with, one each. */
  readonly errors: Record<Job, Error[]> = { inspect: [], publish: [], tidy: [], unpublish: [] }
  /** In how many milliseconds the next tidying, one each, is to be done again. */
  readonly tidyAgainInMs: number[] = []
  /** Whether what is ready to be published holds memory that others need. */
  hasReserve = false
  /** How many jobs ran at once at most. */
  mostAtOnce = 0
  isClosed = false
  /** What is selected of what is in place. */
  readonly #selections = new Map<string, string | undefined>()
  readonly #busy = new Set<string>()

  inspect(
    { directory, ...site }: Target,
    share: Depth['share'],
    signal: AbortSignal,
  ): Promise<Inspection> {
    const asked = share ? ` pass ${share.pass} of ${share.passes}` : ''
    return this.#run('inspect', { directory, ...site }, { asked, signal }, () => {
      const foreign = this.foreign.get(directory)
      this.foreign.delete(directory)
      const selection = this.#selections.get(directory)
      const drift = this.drift.get(directory)
      return { commit: this.inPlace.get(directory), selection, drift, foreign }
    })
  }

  publish(
    { allow, chunks, have, selection = ALL, target, want }: PackToPublish,
    signal: AbortSignal,
  ): Promise<Unpacked & { receivedAt: number }> {
    const { subdir } = selection
    const of = subdir === '' ? '' : ` of ${subdir}`
    const asked = ` ${shortOf(want)} over ${have === undefined ? 'nothing' : shortOf(have)}${of}`
    const receive = async () => {
      for await (const _ of chunks(memoryOf())) signal.throwIfAborted()
    }
    return this.#run('publish', target, { asked, signal, receive }, async () => {
      const commit = this.peeled.get(want) ?? want
      const { hasReserve } = this
      await allow?.({ commit, changed: { count: 1, paths: ['file'] }, hasReserve })
      this.inPlace.set(target.directory, commit)
      this.#selections.set(target.directory, selectionKey(selection))
      this.drift.delete(target.directory)
      return { ...UNPACKED, commit, receivedAt: performance.now() }
    })
  }

  look({ directory }: Target): Promise<ShownContent> {
    const commit = this.inPlace.get(directory)
    const isThere = commit !== undefined
    const seen = { hasContent: isThere, hasRepository: isThere, isWhole: isThere }
    return Promise.resolve({ commit, ...seen, outOfUse: [] })
  }

  tidy(target: Target, _times: unknown, signal: AbortSignal): Promise<number | undefined> {
    return this.#run('tidy', target, { signal }, () => this.tidyAgainInMs.shift())
  }

  async unpublish(target: Target, signal: AbortSignal): Promise<void> {
    await this.#run('unpublish', target, { signal }, () => this.inPlace.delete(target.directory))
  }

  isExhausted(): boolean {
    return false
  }

  async close(): Promise<void> {
    this.isClosed = true
  }

  /** Lets every job that waits go on. */
  openGates(): void {
    for (const gate of Object.values(this.gates)) gate.open()
  }

  async #run<T>(
    job: Job,
    { directory }: Target,
    { asked = '', signal, receive }: JobOptions,
    work: () => T | Promise<T>,
  ): Promise<T> {
    const call = `${job} ${directory}${asked}`
    this.calls.push(call)
    if (this.#busy.has(directory)) this.overlaps.push(call)
    this.#busy.add(directory)
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#busy.size)
    try {
      await receive?.()
      await this.gates[job].pass(signal)
      const error = this.errors[job].shift()
      if (error) throw error
      return await work()
    } finally {
      this.#busy.delete(directory)
      this.ended.push(call)
    }
  }
}

/** An oid without its leading zeros. */
function shortOf(oid: Oid): string {
  return oid.replace(/^0+/, '')
}
