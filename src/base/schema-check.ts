// Documents held against the JSON Schema of an array: every fault at once, each with its place,
// said in words that suit the document. https://json-schema.org/draft-07
import type { ErrorObject } from 'ajv'
import { compileSchema } from './compile-schema.js'
import { type Fault, faultAt, fieldsOf, MAX_FAULTS } from './document-fault.js'

/**
 * What is said where a keyword does not hold: a predicate, and the field that it is about where
 * that is not the value itself. Undefined: another fault says it.
 */
export type FaultWords = (error: ErrorObject) => [message: string, field?: string] | undefined

/** What a check finds: the document, where it has no fault. */
export interface Checked<T> {
  value?: T
  faults: Fault[]
}

/** More fields than any schema has: each that is not known is a fault. */
const MAX_FIELDS = 200

/**
 * Compiles `schema`, of an array T; a keyword without words has the validator's. Items are checked
 * one by one, as a validator holds every fault that it finds.
 */
export function createSchemaCheck<T>(
  schema: object,
  words: Readonly<Record<string, FaultWords>>,
): (document: unknown) => Checked<T> {
  const validate = compileSchema<T>(schema)
  const fields = fieldsOf(schema)
  return (document) => {
    const faultsOf = (checked: unknown, index: number): Fault[] => {
      if (validate(checked)) return []
      return (validate.errors ?? []).flatMap((error) => describe(error, index) ?? [])
    }
    if (!Array.isArray(document)) return { faults: faultsOf(document, 0) }
    const faults: Fault[] = []
    for (let index = 0; index < document.length && faults.length < MAX_FAULTS; index++) {
      const item: unknown = document[index]
      if (Object.keys(Object(item)).length <= MAX_FIELDS) faults.push(...faultsOf([item], index))
      else faults.push({ pointer: `/${index}`, message: `has more than ${MAX_FIELDS} fields` })
    }
    // Each item was held against it.
    return faults.length > 0 ? { faults } : { value: document as T, faults }
  }

  function describe(error: ErrorObject, index: number): Fault | undefined {
    const { keyword, message = 'is not valid' } = error
    const say = words[keyword]
    const said: ReturnType<FaultWords> = say ? say(error) : [message]
    if (!said) return undefined
    const [text, field = []] = said
    const [, item, ...path] = error.instancePath.split('/').map(decodeToken)
    const start = item === undefined ? [] : [String(index)]
    return faultAt([...start, ...path, field].flat(), text, fields)
  }
}

/** A part of a JSON pointer. https://www.rfc-editor.org/rfc/rfc6901#section-4 */
function decodeToken(token: string): string {
  return token.replaceAll('~1', '/').replaceAll('~0', '~')
}
