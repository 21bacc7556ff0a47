// The credentials file: its shape, and every fault of it at once, without a
// single value of it. https://json-schema.org/draft-07
import { createRequire } from 'node:module'
import { suggestion } from '../../base/did-you-mean.js'
import { faultAt, fieldsOf } from '../../base/document-fault.js'
import type { NamedFile } from '../../base/file-name.js'
import { JsonSyntaxError, parseJson } from '../../base/json.js'
import { findDuplicateKeys } from '../../base/json-duplicates.js'
import { createSchemaCheck, type FaultWords } from '../../base/schema-check.js'
import type { Credential } from '../credential.js'
import { findCredentialFaults } from '../credential-faults.js'
import { invalidIn, originIn, withoutLineEnd } from '../secret-file.js'

/** Checks that a document is a list of credentials; a function made once. */
export type ParseCredentials = (text: string, file: NamedFile) => Credential[]

const FAULT_WORDS: Record<string, FaultWords> = {
  additionalProperties: ({ params, parentSchema }) => {
    const name: string = params['additionalProperty']
    const fields = Object.keys(parentSchema?.['properties'] ?? {})
    return [`is not a known field${suggestion(name, fields)}`, name]
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
    const duplicates = findDuplicateKeys(text).map((keys) =>
      faultAt(keys, 'is given twice', fields),
    )
    const found = [
      ...[...duplicates, ...faults].map(
        ({ pointer, message }) => `${pointer || 'the file'} ${message}`,
      ),
      ...credentials.flatMap(findFaultsAt),
      ...findDuplicates(credentials),
    ]
    if (!value || found.length > 0) throw invalidIn(originIn(file).name, found.join('; '))
    return credentials
  }
}

function parse(text: string, file: NamedFile): unknown {
  try {
    return parseJson(text)
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw invalidIn(originIn(file).name, error.message, error)
    throw error
  }
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
