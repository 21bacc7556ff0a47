// The shape of a listing, checked against its JSON Schema, with sentences in
// place of the validator's own wording. https://json-schema.org/draft-07
import { createRequire } from 'node:module'
import { suggestion } from '../base/did-you-mean.js'
import type { Fault } from '../base/document-fault.js'
import { createSchemaCheck } from '../base/schema-check.js'

/** What the schema says of one field; also the source of the documents' table. */
export interface FieldSchema {
  description: string
  type: string | string[]
  default?: unknown
  examples?: unknown[]
}

/** What the schema says of an object. */
export interface ObjectSchema {
  required?: string[]
  properties: Record<string, FieldSchema>
}

interface ListingSchema {
  definitions: { hook: ObjectSchema }
  items: ObjectSchema
}

/** The JSON Schema of a listing. */
export const LISTING_SCHEMA: ListingSchema = createRequire(import.meta.url)('./listing.schema.json')

/** The fields of an entry. */
export const FIELDS = Object.keys(LISTING_SCHEMA.items.properties)
const REVISION_FIELDS = ['branch', 'tag', 'semver', 'commit', 'ref']

const check = createSchemaCheck(LISTING_SCHEMA, {
  additionalProperties: ({ params, parentSchema }) =>
    unknownField(params['additionalProperty'], Object.keys(parentSchema?.['properties'] ?? {})),
  required: ({ params }) => [`lacks the field "${params['missingProperty']}"`],
  type: ({ instancePath, params, data }) => [typeFault(instancePath, params['type'], data)],
  // Of another type, it has a fault for that already.
  enum: ({ params, data }) =>
    typeof data === 'string' ? [enumFault(params['allowedValues'], data)] : undefined,
  minLength: isEmpty,
  minItems: isEmpty,
  maxItems: ({ params }) => [`has more than ${params['limit']} items`],
  maxLength: ({ params }) => [`is longer than ${params['limit']} characters`],
  pattern: ({ instancePath }) => [
    instancePath.endsWith('/history')
      ? 'must be a whole number or "full"'
      : 'must be a full commit id of 40 or 64 hex digits',
  ],
  minimum: () => ['must not be negative'],
  maximum: () => ['is too large: write "full" for all of it'],
  // "not" fails for what is no object as well, which has a fault of its type already.
  not: ({ data }) => (isObject(data) ? revisionFault(data) : undefined),
})

/** Every place where `document` breaks the schema; empty for a listing of the right shape. */
export function findSchemaFaults(document: unknown): Fault[] {
  return check(document).faults
}

function isEmpty(): [string] {
  return ['is empty: give it a value, or leave the field out where it is optional']
}

function unknownField(name: string, known: string[]): [string, string] {
  const hint = suggestion(name, known) || `: known are ${known.join(', ')}`
  return [`is not a known field${hint}`, name]
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function revisionFault(entry: object): [string, string?] {
  const [first, second] = REVISION_FIELDS.filter((field) => Object.hasOwn(entry, field))
  const message = `goes with no other of ${REVISION_FIELDS.join(', ')}, and "${first}" is given too`
  return second === undefined ? [message] : [message, second]
}

function typeFault(instancePath: string, wanted: string | string[], value: unknown): string {
  const found = nameOf(value)
  if (instancePath === '') return `must be an array of entries, not ${found}`
  const names = [wanted].flat().map((type) => TYPE_NAMES[type] ?? type)
  return `must be ${names.join(' or ')}, not ${found}`
}

function enumFault(allowed: string[], value: string): string {
  const wanted = allowed.map((name) => `"${name}"`).join(' or ')
  return `must be ${wanted}${suggestion(value, allowed)}`
}

const TYPE_NAMES: Record<string, string> = {
  array: 'an array',
  boolean: 'true or false',
  integer: 'a whole number',
  object: 'an object',
  string: 'a string',
}

function nameOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'number') return 'a number'
  return typeof value === 'boolean' ? String(value) : TYPE_NAMES[typeof value]!
}
