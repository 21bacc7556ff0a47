// The credentials file: its shape, and every fault of it at once, without a
// single value of it. https://json-schema.org/draft-07
import { createRequire } from 'node:module'
import { Ajv, type ErrorObject } from 'ajv'
import { SyncError } from '../base/errors.js'
import { JsonSyntaxError, parseJson } from '../base/json.js'

/** One entry of the file, as written. */
export interface Credential {
  url?: string
  name?: string
  username?: string
  password?: string
  passwordFile?: string
  token?: string
  tokenFile?: string
  headers?: Record<string, string>
}

/** Checks that a document is a list of credentials; a function made once. */
export type ParseCredentials = (text: string, file: string) => Credential[]

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/** Whether `value` can be sent as the value of a header. */
export function isHeaderValue(value: string): boolean {
  return HEADER_VALUE.test(value)
}

/** Compiles the schema. What it returns throws `credentials-invalid` with all faults listed. */
export function createCredentialsParser(): ParseCredentials {
  const schema = createRequire(import.meta.url)('./credentials.schema.json')
  const validate = new Ajv({ allErrors: true }).compile<Credential[]>(schema)
  return (text, file) => {
    const document = parse(text, file)
    const faults = validate(document)
      ? document.flatMap(findFaults).concat(findDuplicates(document))
      : (validate.errors ?? []).flatMap(describe)
    if (faults.length > 0) throw invalid(file, faults.join('; '))
    return document as Credential[]
  }
}

/** A credentials file that cannot be used. */
export function invalid(file: string, fault: string, cause?: unknown): SyncError {
  return new SyncError('credentials-invalid', `The credentials file ${file}: ${fault}`, { cause })
}

function parse(text: string, file: string): unknown {
  try {
    return parseJson(text)
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw invalid(file, error.message, error)
    throw error
  }
}

function describe({ keyword, instancePath, params, message }: ErrorObject): string[] {
  const place = instancePath === '' ? 'the file' : instancePath
  switch (keyword) {
    case 'additionalProperties':
      return [`${place}/${params['additionalProperty']} is not a known field`]
    case 'required':
      // Said by the anyOf around it.
      return []
    case 'anyOf':
      return [`${place} must have a url or a name`]
    default:
      return [`${place} ${message}`]
  }
}

/** What the schema cannot say. */
function findFaults(credential: Credential, index: number): string[] {
  const has = (field: keyof Credential) => credential[field] !== undefined
  const ways = [
    has('password') || has('passwordFile') || has('username') ? 'username and password' : [],
    has('token') || has('tokenFile') ? 'token' : [],
    headerNames(credential).includes('authorization') ? 'an Authorization header' : [],
  ].flat()
  const faults = [
    ...(has('password') && has('passwordFile') ? ['has both password and passwordFile'] : []),
    ...(has('token') && has('tokenFile') ? ['has both token and tokenFile'] : []),
    ...(ways.length > 1 ? [`authenticates in more than one way: ${ways.join(', ')}`] : []),
    ...(has('username') && !has('password') && !has('passwordFile') ? ['lacks a password'] : []),
    ...findUrlFaults(credential.url),
    ...findHeaderFaults(credential.headers ?? {}),
  ]
  return faults.map((fault) => `/${index} ${fault}`)
}

function headerNames({ headers = {} }: Credential): string[] {
  return Object.keys(headers).map((name) => name.toLowerCase())
}

function findUrlFaults(url: string | undefined): string[] {
  if (url === undefined) return []
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed?.protocol !== 'https:' && parsed?.protocol !== 'http:') {
    return ['has a url that does not start with https:// or http://']
  }
  const extra = parsed.username || parsed.password || parsed.search || parsed.hash
  return extra ? ['has a url with credentials, a query or a fragment in it'] : []
}

function findHeaderFaults(headers: Record<string, string>): string[] {
  return Object.entries(headers).flatMap(([name, value]) => {
    if (!HEADER_NAME.test(name)) return [`has a header with an impossible name`]
    return isHeaderValue(value) ? [] : [`has a header ${name} with a line end or the like in it`]
  })
}

function findDuplicates(credentials: Credential[]): string[] {
  const names = credentials.map(({ name }) => name)
  return names.flatMap((name, index) =>
    name !== undefined && names.indexOf(name) < index
      ? [`/${index} has the name of /${names.indexOf(name)}`]
      : [],
  )
}
