// What a test has to undo, last made first: node:test itself runs these in the order
// they were asked for, so that a directory would go while a program still writes to it.

/** What `t.after` of a node:test context offers. */
export interface TestScope {
  after(cleanUp: () => unknown): void
}

const pending = new WeakMap<TestScope, (() => unknown)[]>()

/** Runs `cleanUp` at the end of the test, before what was asked for earlier. */
export function atEnd(t: TestScope, cleanUp: () => unknown): void {
  const known = pending.get(t)
  if (known) {
    known.push(cleanUp)
    return
  }
  const cleanUps = [cleanUp]
  pending.set(t, cleanUps)
  t.after(() => cleanUpAll(cleanUps))
}

/** Runs what has to be undone when it has ended, as at the end of a test. */
export async function withScope<T>(run: (scope: TestScope) => Promise<T>): Promise<T> {
  const cleanUps: (() => unknown)[] = []
  try {
    return await run({ after: (cleanUp) => cleanUps.push(cleanUp) })
  } finally {
    await cleanUpAll(cleanUps)
  }
}

/** Runs and removes each of them from the last on, even where another fails, and then throws that. */
export async function cleanUpAll(cleanUps: (() => unknown)[]): Promise<void> {
  const errors: unknown[] = []
  for (let next = cleanUps.pop(); next; next = cleanUps.pop()) {
    try {
      await next()
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length === 1) throw errors[0]
  if (errors.length > 1) throw new AggregateError(errors, 'a test could not be cleaned up')
}
