// What is wrong with a document, and where in it. https://www.rfc-editor.org/rfc/rfc6901
import { nearest } from './did-you-mean.js'
import { redact } from './redact-patterns.js'

/** Of a document with more faults than this, the first ones are told. */
export const MAX_FAULTS = 1000

export interface Fault {
  /** JSON pointer (RFC 6901) into the document; empty for the document as a whole. */
  pointer: string
  /** What is wrong there, free of credentials. */
  message: string
}

/** The names that a schema gives to fields, also inside of others. */
export function fieldsOf(schema: object): string[] {
  return Object.entries(schema).flatMap(([name, value]) => {
    if (typeof value !== 'object' || value === null) return []
    return [...(name === 'properties' ? Object.keys(value) : []), ...fieldsOf(value)]
  })
}

/**
 * A fault of what names and indices lead to in a document of these `fields`. A name that is not
 * even nearly that of a field may be a secret: it is not said.
 */
export function faultAt(
  path: readonly string[],
  message: string,
  fields: readonly string[],
): Fault {
  const hidden = path.findIndex(
    (name) => !INDEX.test(name) && !fields.includes(name) && nearest(name, fields) === undefined,
  )
  if (hidden < 0) return { pointer: toPointer(path), message }
  const pointer = toPointer(path.slice(0, hidden))
  return { pointer, message: `has a field (its name is not shown) that ${message}` }
}

const INDEX = /^\d{1,6}$/

/** A JSON pointer along names and indices, free of credentials. */
function toPointer(path: readonly string[]): string {
  const tokens = path.map((name) => redact(name).replaceAll('~', '~0').replaceAll('/', '~1'))
  return tokens.map((token) => `/${token}`).join('')
}
