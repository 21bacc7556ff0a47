// Answers that a server, or a gateway before it, compressed though nobody asked for that.
// https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3
import { pipeline, Readable, type Transform } from 'node:stream'
import { createBrotliDecompress, createUnzip } from 'node:zlib'
import { SyncError } from '../../base/errors.js'

const DECODERS: ReadonlyMap<string, () => Transform> = new Map([
  ['gzip', createUnzip],
  ['x-gzip', createUnzip],
  ['deflate', createUnzip],
  ['br', createBrotliDecompress],
])

/**
 * What `body` was before it was encoded as a Content-Encoding says; undefined where one of its
 * encodings is unknown.
 */
export function decodeBody(
  body: AsyncIterable<Uint8Array>,
  contentEncoding: string,
  host: string,
): AsyncIterable<Uint8Array> | undefined {
  const names = contentEncoding
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
  let decoded = body
  // The last one was applied last.
  for (const name of names.reverse()) {
    if (name === '' || name === 'identity') continue
    const decoder = DECODERS.get(name)
    if (!decoder) return undefined
    decoded = decode(decoded, decoder(), `${host} sent an answer in the encoding ${name}`)
  }
  return decoded
}

async function* decode(
  body: AsyncIterable<Uint8Array>,
  decoder: Transform,
  what: string,
): AsyncGenerator<Uint8Array> {
  // Errors of the body end the decoder, which is what is read.
  pipeline(Readable.from(body), decoder, () => {})
  try {
    yield* decoder
  } catch (error) {
    if (error instanceof SyncError) throw error
    const words = `${what} that is damaged or cut; look at the proxy or gateway before it`
    throw new SyncError('protocol-error', words, { cause: error })
  }
}
