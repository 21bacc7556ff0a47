// The first words of an answer, where it says what is wrong.
import type { HttpResponse } from './http-client.js'

/** How much of an answer is read for its words, in bytes. */
const EXCERPT_BYTES = 1024
/** How many of its characters are shown. */
export const EXCERPT_CHARACTERS = 200

/** The first kilobyte of a body, as text, or what came of it before it broke off; frees the body. */
export async function readExcerpt(body: HttpResponse['body']): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of body) {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes >= EXCERPT_BYTES) break
    }
  } catch {
    // The status says more than a body that broke off.
  }
  return Buffer.concat(chunks).toString('utf8', 0, EXCERPT_BYTES)
}
