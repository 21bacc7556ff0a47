// What is wrong with a credential that has the right shape: what its schema cannot say.
import { isFileName } from '../base/file-name.js'
import type { Credential, GithubApp } from './credential.js'
import { MUST_BE_FILE_NAME } from './secret-file.js'
import { findSshFaults, isForSsh, SSH_FIELDS } from './ssh/ssh-fields.js'
import { findIdentityFaults } from './tls-identity.js'

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/** What is wrong with a value that cannot be sent in a header: the end of a sentence. */
export const UNSENDABLE = 'a line end in it, or another character that no header can carry'
/** What the connection is made of, which is not a credential's to say. */
const CONNECTION_HEADER =
  /^(?:connection|content-length|expect|keep-alive|te|trailer|transfer-encoding|upgrade)$/i

/** Fields of those who get a token by what they are: each has fields of its own. */
const IDENTITIES = ['githubApp', 'azure', 'google'] as const

/** Fields that an SSH remote has no use for. */
const FOR_HTTP = [
  'token',
  'tokenFile',
  'headers',
  'headerFiles',
  'cookieFile',
  'askpassUrl',
  'askpassUrlFile',
  'clientCertFile',
  'clientKeyFile',
  'clientKeyPassphraseFile',
  ...IDENTITIES,
] as const

/** Whether `value` can be sent as the value of a header. */
export function isHeaderValue(value: string): boolean {
  return HEADER_VALUE.test(value)
}

/** What the schema cannot say of one credential: predicates without a subject. */
export function findCredentialFaults(credential: Credential): string[] {
  const has = (field: keyof Credential) => credential[field] !== undefined
  const headers = headerNames(credential)
  const ways = [
    has('password') || has('passwordFile') || has('username') ? 'username and password' : [],
    has('token') || has('tokenFile') ? 'token' : [],
    headers.includes('authorization') ? 'an Authorization header' : [],
    has('askpassUrl') || has('askpassUrlFile') ? 'askpassUrl' : [],
    IDENTITIES.filter(has),
  ].flat()
  const inTwoForms = (['password', 'token', 'askpassUrl'] as const).filter(
    (field) => has(field) && has(`${field}File`),
  )
  return [
    ...inTwoForms.map((field) => `has both ${field} and ${field}File`),
    ...(ways.length > 1 ? [`authenticates in more than one way: ${ways.join(', ')}`] : []),
    ...(has('username') && !has('password') && !has('passwordFile') && !isForSsh(credential)
      ? ['lacks a password']
      : []),
    ...(has('cookieFile') && headers.includes('cookie')
      ? ['has both cookieFile and a Cookie header']
      : []),
    ...(new Set(headers).size < headers.length ? ['has one header twice'] : []),
    ...findUrlFaults(credential.url),
    ...findUseFaults(credential),
    ...findFileFaults(credential),
    ...findHeaderFaults(credential),
    ...findAskpassFaults(credential.askpassUrl),
    ...findAppFaults(credential.githubApp),
    ...findIdentityFaults(credential),
    ...findSshFaults(credential),
  ]
}

function headerNames({ headers = {}, headerFiles = {} }: Credential): string[] {
  return [headers, headerFiles].flatMap(Object.keys).map((name: string) => name.toLowerCase())
}

function findUrlFaults(url: string | undefined): string[] {
  if (url === undefined) return []
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (!parsed || !['https:', 'http:', 'ssh:'].includes(parsed.protocol)) {
    return ['has a url that does not start with https://, http:// or ssh://']
  }
  // Over SSH, a user is a part of the address.
  const user = parsed.protocol === 'ssh:' ? '' : parsed.username
  const extra = user || parsed.password || parsed.search || parsed.hash
  return extra ? ['has a url with credentials, a query or a fragment in it'] : []
}

/** Fields that the scheme of the url has no use for, or no field that is of any use. */
function findUseFaults({ url = '', name, ...fields }: Credential): string[] {
  if (Object.keys(fields).length === 0) {
    return ['has nothing to authenticate with: give it a password, a token or another field']
  }
  const [scheme = ''] = /^(?:https?|ssh)(?=:)/i.exec(url) ?? []
  if (scheme === '') return []
  const isSsh = scheme.toLowerCase() === 'ssh'
  return (isSsh ? FOR_HTTP : SSH_FIELDS)
    .filter((field) => fields[field] !== undefined)
    .map((field) => `has ${field}, which a url of ${scheme}:// has no use for`)
}

/** Every field that names a file, also those inside of others, and what it has. */
function findFileFaults(credential: object): string[] {
  return Object.entries(credential).flatMap(([field, value]) => {
    if (IDENTITIES.some((name) => name === field)) return findFileFaults(value)
    if (!/Files?$/.test(field)) return []
    const names: unknown[] = typeof value === 'object' ? Object.values(value) : [value]
    const isSound = names.every((name) => typeof name !== 'string' || isFileName(name))
    return isSound ? [] : [`has a ${field} that ${MUST_BE_FILE_NAME}`]
  })
}

/** What is wrong with headers that are to be sent: predicates without a subject. */
export function findHeaderFaults({
  headers = {},
  headerFiles = {},
}: Pick<Credential, 'headers' | 'headerFiles'>): string[] {
  const names = [...Object.keys(headers), ...Object.keys(headerFiles)]
  return [
    ...(names.every((name) => HEADER_NAME.test(name))
      ? []
      : ['has a header of an impossible name']),
    ...names
      .filter((name) => CONNECTION_HEADER.test(name))
      .map((name) => `has a header ${name}, which belongs to the connection: leave it out`),
    ...Object.values(headers).flatMap((value, index) =>
      isHeaderValue(value) ? [] : [`has headers of which number ${index + 1} has ${UNSENDABLE}`],
    ),
  ]
}

/** Whether `text` is the address of a web service. */
export function isWebUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)
}

function findAskpassFaults(url: string | undefined): string[] {
  if (url === undefined || isWebUrl(url)) return []
  return ['has an askpassUrl that is not a URL of http:// or https://']
}

function findAppFaults(app: GithubApp | undefined): string[] {
  if (!app) return []
  const { appId, clientId, apiUrl } = app
  const isPlain = apiUrl === undefined || (isWebUrl(apiUrl) && !/[?#@]/.test(apiUrl))
  return [
    ...((appId === undefined) === (clientId === undefined)
      ? ['has a githubApp that needs an appId or a clientId, and not both']
      : []),
    ...(isPlain ? [] : ['has a githubApp whose apiUrl is not a plain URL of https://']),
  ]
}
