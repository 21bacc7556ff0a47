// Documents held against a JSON Schema: every fault at once, each with its place, said in
// words that suit the document. https://json-schema.org/draft-07
import { Ajv, type ErrorObject } from 'ajv'
import { type Fault, toPointer } from './document-fault.js'
import { redact } from './redact-patterns.js'

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

/** Compiles `schema`, which is of T; a keyword without words has the validator's. */
export function createSchemaCheck<T>(
  schema: object,
  words: Readonly<Record<string, FaultWords>>,
): (document: unknown) => Checked<T> {
  const ajv = new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true })
  const validate = ajv.compile<T>(schema)
  return (document) => {
    if (validate(document)) return { value: document, faults: [] }
    return { faults: (validate.errors ?? []).flatMap((error) => describe(error, words) ?? []) }
  }
}

function describe(
  error: ErrorObject,
  words: Readonly<Record<string, FaultWords>>,
): Fault | undefined {
  const { keyword, instancePath, message = 'is not valid' } = error
  const say = words[keyword]
  const said: ReturnType<FaultWords> = say ? say(error) : [message]
  if (!said) return undefined
  const [text, field] = said
  const inner = field === undefined ? '' : toPointer([field])
  return { pointer: redact(instancePath) + inner, message: text }
}
