// The start of a stream, looked at before somebody else reads all of it.

/** What a stream starts with, if anything, and the stream with that start. */
export interface Started<T> {
  first: T | undefined
  stream: AsyncIterable<T>
}

/** Waits for the start of `stream`, so that what is wrong with it is known before the rest is read. */
export async function started<T>(stream: AsyncIterable<T>): Promise<Started<T>> {
  const rest = stream[Symbol.asyncIterator]()
  let start: IteratorResult<T> | undefined = await rest.next()
  const first = start.done ? undefined : start.value
  const iterator: AsyncIterator<T> = {
    async next() {
      const result = start ?? (await rest.next())
      start = undefined
      return result
    },
    async return() {
      await rest.return?.()
      return { done: true, value: undefined }
    },
  }
  return { first, stream: { [Symbol.asyncIterator]: () => iterator } }
}
