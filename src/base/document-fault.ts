// What is wrong with a document, and where in it. https://www.rfc-editor.org/rfc/rfc6901
import { redact } from './redact-patterns.js'

/** Of a document with more faults than this, the first ones are told. */
export const MAX_FAULTS = 1000

export interface Fault {
  /** JSON pointer (RFC 6901) into the document; empty for the document as a whole. */
  pointer: string
  /** What is wrong there, free of credentials. */
  message: string
}

/** A JSON pointer along names and indices, free of credentials. */
export function toPointer(path: readonly string[]): string {
  const tokens = path.map((name) => redact(name).replaceAll('~', '~0').replaceAll('/', '~1'))
  return tokens.map((token) => `/${token}`).join('')
}
