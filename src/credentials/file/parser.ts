// The credentials file: its shape, and every fault of it at once, without a
// single value of it. https://json-schema.org/draft-07
import { createRequire } from 'node:module'
import { toPointer } from '../../base/document-fault.js'
import { JsonSyntaxError, parseJson } from '../../base/json.js'
import { findDuplicateKeys } from '../../base/json-duplicates.js'
import { suggestion } from '../../base/nearest.js'
import { createSchemaCheck, type FaultWords } from '../../base/schema-check.js'
import type { Credential } from '../credential.js'
import { findCredentialFaults } from '../credential-faults.js'
import { invalidIn, originIn, withoutLineEnd } from '../secret-file.js'

/** Checks that a document is a list of credentials; a function made once. */
export type ParseCredentials = (text: string, file: string) => Credential[]

const FAULT_WORDS: Record<string, FaultWords> = {
  // Only a name that is nearly that of a field is said: any other may be a secret.
  additionalProperties: ({ params, parentSchema }) => {
    const name: string = params['additionalProperty']
    const hint = suggestion(name, Object.keys(parentSchema?.['properties'] ?? {}))
    if (hint === '') return ['has an unknown field (its name is not shown)']
    return [`is not a known field${hint}`, name]
  },
  // Of an entry itself, the anyOf around it says it.
  required: ({ instancePath, message = '' }) =>
    instancePath.split('/').length > 2 ? [message] : undefined,
  anyOf: () => ['must have a url or a name'],
  not: () => ['must be the name of a file, or false to trust every host'],
}

/** Compiles the schema. What it returns throws `credentials-invalid` with all faults listed. */
export function createCredentialsParser(): ParseCredentials {
  const schema = createRequire(import.meta.url)('./credentials.schema.json')
  const fields = fieldsOf(schema)
  const check = createSchemaCheck<Credential[]>(schema, FAULT_WORDS)
  return (text, file) => {
    const { value, faults } = check(parse(text, file))
    const credentials = value?.map(trimSecrets) ?? []
    const found = [
      ...findDuplicateKeys(text).map((keys) => describeDuplicate(keys, fields)),
      ...faults.map(({ pointer, message }) => `${pointer || 'the file'} ${message}`),
      ...credentials.flatMap(findFaultsAt),
      ...findDuplicates(credentials),
    ]
    if (!value || found.length > 0) throw invalidIn(originIn(file).name, found.join('; '))
    return credentials
  }
}

function parse(text: string, file: string): unknown {
  try {
    return parseJson(text)
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw invalidIn(originIn(file).name, error.message, error)
    throw error
  }
}

/** The names that `schema` gives to fields, also inside of others. */
function fieldsOf(schema: object): string[] {
  return Object.entries(schema).flatMap(([name, value]) => {
    if (typeof value !== 'object' || value === null) return []
    return [...(name === 'properties' ? Object.keys(value) : []), ...fieldsOf(value)]
  })
}

/** A name that is none of a field's may be a secret. */
function describeDuplicate(keys: readonly string[], fields: readonly string[]): string {
  if (fields.includes(keys.at(-1)!)) return `${toPointer(keys)} is given twice`
  return `${toPointer(keys.slice(0, -1))} has a field (its name is not shown) twice`
}

/** As in files, one newline at the end of a secret is none of it. */
function trimSecrets(credential: Credential): Credential {
  const trimmed = { ...credential }
  for (const field of ['password', 'token', 'askpassUrl', 'sshPassphrase'] as const) {
    const value = trimmed[field]
    if (value !== undefined) trimmed[field] = withoutLineEnd(value)
  }
  const { headers } = trimmed
  if (headers) {
    const entries = Object.entries(headers).map(([name, value]) => [name, withoutLineEnd(value)])
    trimmed.headers = Object.fromEntries(entries)
  }
  return trimmed
}

function findFaultsAt(credential: Credential, index: number): string[] {
  return findCredentialFaults(credential).map((fault) => `/${index} ${fault}`)
}

function findDuplicates(credentials: Credential[]): string[] {
  const owners = new Map<string, number>()
  return credentials.flatMap(({ name }, index) => {
    if (name === undefined) return []
    const owner = owners.get(name)
    if (owner !== undefined) return [`/${index} has the name of /${owner}`]
    owners.set(name, index)
    return []
  })
}
