// How long each test file took, from its process's start to its end, by the events of node:test.
import path from 'node:path'

/** How many of the slowest files the summary names. */
const SLOWEST = 10

/** What is read of a `test:complete` event. */
export interface Completion {
  name: string
  details: { duration_ms: number }
}

/** The durations of one run over `files`, absolute paths below `directory`. */
export class FileDurations {
  readonly #directory: string
  readonly #files: ReadonlySet<string>
  readonly #durations = new Map<string, number>()

  constructor(directory: string, files: Iterable<string>) {
    this.#directory = directory
    this.#files = new Set(files)
  }

  /** The line of a file, where it is a file that ended; of any test in it, nothing. */
  add({ name, details }: Completion): string {
    if (!this.#files.has(path.resolve(name))) return ''
    this.#durations.set(name, details.duration_ms)
    return this.#line(name, details.duration_ms)
  }

  /** The slowest files, and how long all of them would have taken one after the other. */
  summary(): string {
    const sorted = [...this.#durations].sort(([, one], [, other]) => other - one)
    const total = sorted.reduce((sum, [, durationMs]) => sum + durationMs, 0)
    const slowest = sorted.slice(0, SLOWEST).map((file) => this.#line(...file))
    return [
      `\nThe slowest of ${sorted.length} files, which took ${seconds(total)} together:\n`,
      ...slowest,
      '\n',
    ].join('')
  }

  #line(name: string, durationMs: number): string {
    const source = path.relative(this.#directory, name).replace(/\.js$/, '.ts')
    return `${seconds(durationMs).padStart(9)}  ${source}\n`
  }
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`
}
