// Answers that a server, or a gateway before it, compressed though nobody asked for that.
// https://www.rfc-editor.org/rfc/rfc9110#section-12.5.3
import { pipeline, Readable, type Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib'
import { SyncError } from '../../base/errors.js'
import { started } from '../started.js'

/** Creates what decodes a body, by its first byte. */
type CreateDecoder = (first: number) => Transform

const DECODERS: ReadonlyMap<string, CreateDecoder> = new Map<string, CreateDecoder>([
  ['gzip', () => createGunzip()],
  ['x-gzip', () => createGunzip()],
  // Some servers leave out zlib's header, which is what tells.
  ['deflate', (first) => ((first & 0x0f) === 8 ? createInflate() : createInflateRaw())],
  ['br', () => createBrotliDecompress()],
])
/** So many encodings are undone, one over the other: each takes memory, and nobody sends more than one. */
const MAX_ENCODINGS = 2
/** What says that nothing was done. */
const NO_ENCODING = /^(?:identity|none)?$/

/**
 * What `body` was before it was encoded as a Content-Encoding says; undefined where one of its
 * encodings is unknown, or they are too many.
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
    .filter((name) => !NO_ENCODING.test(name))
  if (names.length > MAX_ENCODINGS) return undefined
  let decoded = body
  // The last one was applied last.
  for (const name of names.reverse()) {
    const decoder = DECODERS.get(name)
    if (!decoder) return undefined
    decoded = decode(decoded, decoder, `${host} sent an answer in the encoding ${name}`)
  }
  return decoded
}

async function* decode(
  body: AsyncIterable<Uint8Array>,
  createDecoder: CreateDecoder,
  what: string,
): AsyncGenerator<Uint8Array> {
  const { first, stream } = await started(body)
  if (first === undefined) return
  const decoder = createDecoder(first[0] ?? 0)
  // Errors of the body end the decoder, which is what is read.
  pipeline(Readable.from(stream), decoder, () => {})
  try {
    yield* decoder
  } catch (error) {
    if (error instanceof SyncError) throw error
    const words = `${what} that is damaged or cut; look at the proxy or gateway before it`
    throw new SyncError('protocol-error', words, { cause: error })
  }
}
