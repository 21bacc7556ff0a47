// Counts leaf tests from the events of node:test: a suite, or a test that only
// holds other tests, counts through its children alone.
import path from 'node:path'

/** What is read of a `test:pass` or `test:fail` event. */
export interface TestResult {
  name: string
  nesting: number
  skip?: string | boolean | undefined
  todo?: string | boolean | undefined
  details: { type?: string | undefined; error?: Error }
}

/** The running count of one test run over `files`, given by absolute path. */
export class TestTally {
  passed = 0
  failed = 0
  skipped = 0
  /** Files which ran to their end and held no test; they fail the run. */
  readonly filesWithoutTests: string[] = []
  readonly #files: ReadonlySet<string>
  #lastNesting = 0

  constructor(files: Iterable<string>) {
    this.#files = new Set(files)
  }

  /** Adds one event; a child's comes before its parent's, as node:test sends them. */
  add(outcome: 'pass' | 'fail', result: TestResult): void {
    const hasChildren = this.#lastNesting > result.nesting
    const isParent = result.details.type === 'suite' || hasChildren
    this.#lastNesting = result.nesting
    if (result.skip !== undefined || result.todo !== undefined) this.skipped++
    else if (outcome === 'fail') this.failed += isParent && isFailureOfChildren(result) ? 0 : 1
    else if (this.#files.has(path.resolve(result.name))) {
      // One that shares its process is a suite of its name.
      if (!hasChildren) this.filesWithoutTests.push(result.name)
    } else if (!isParent) this.passed++
  }

  /** Whether something ran and nothing failed. */
  get succeeded(): boolean {
    return this.failed === 0 && this.passed > 0 && this.filesWithoutTests.length === 0
  }

  /** `N passed, N failed, N skipped`. */
  summary(): string {
    const failed = this.failed + this.filesWithoutTests.length
    return `${this.passed} passed, ${failed} failed, ${this.skipped} skipped`
  }
}

function isFailureOfChildren(result: TestResult): boolean {
  const { error } = result.details
  return error !== undefined && 'failureType' in error && error.failureType === 'subtestsFailed'
}
