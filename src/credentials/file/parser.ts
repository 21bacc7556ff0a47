// The credentials file: its shape, and every fault of it at once, without a
// single value of it. https://json-schema.org/draft-07
import { createRequire } from 'node:module'
import { Ajv, type ErrorObject } from 'ajv'
import { JsonSyntaxError, parseJson } from '../../base/json.js'
import { findDuplicateKeys } from '../../base/json-duplicates.js'
import { redact } from '../../base/redact-patterns.js'
import type { Credential } from '../credential.js'
import { findCredentialFaults } from '../credential-faults.js'
import { invalidIn, originIn, withoutLineEnd } from '../secret-file.js'

/** Checks that a document is a list of credentials; a function made once. */
export type ParseCredentials = (text: string, file: string) => Credential[]

/** Compiles the schema. What it returns throws `credentials-invalid` with all faults listed. */
export function createCredentialsParser(): ParseCredentials {
  const schema = createRequire(import.meta.url)('./credentials.schema.json')
  const ajv = new Ajv({ allErrors: true, allowUnionTypes: true })
  const validate = ajv.compile<Credential[]>(schema)
  return (text, file) => {
    const document = parse(text, file)
    const credentials = validate(document) ? document.map(trimSecrets) : undefined
    const faults = credentials
      ? credentials.flatMap(findFaultsAt).concat(findDuplicates(credentials))
      : (validate.errors ?? []).flatMap(describe)
    const repeated = findDuplicateKeys(text).map((keys) => `${pointer(keys)} is given twice`)
    if (!credentials || faults.length + repeated.length > 0) {
      throw invalidIn(originIn(file).name, [...repeated, ...faults].join('; '))
    }
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

function describe({ keyword, instancePath, params, message }: ErrorObject): string[] {
  const place = instancePath === '' ? 'the file' : redact(instancePath)
  switch (keyword) {
    case 'additionalProperties':
      return [`${place}${pointer([params['additionalProperty']])} is not a known field`]
    case 'required':
      // Of an entry itself, the anyOf around it says it.
      return instancePath.split('/').length > 2 ? [`${place} ${message}`] : []
    case 'anyOf':
      return [`${place} must have a url or a name`]
    case 'not':
      return [`${place} must be the name of a file, or false to trust every host`]
    default:
      return [`${place} ${message}`]
  }
}

function pointer(keys: readonly string[]): string {
  const tokens = keys.map((key) => redact(key).replaceAll('~', '~0').replaceAll('/', '~1'))
  return tokens.map((token) => `/${token}`).join('')
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
  const names = credentials.map(({ name }) => name)
  return names.flatMap((name, index) =>
    name !== undefined && names.indexOf(name) < index
      ? [`/${index} has the name of /${names.indexOf(name)}`]
      : [],
  )
}
