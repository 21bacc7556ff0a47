// What is wrong with a credential that has the right shape: what its schema cannot say.

import type { Credential } from './credential.js'
import type { GithubApp } from './credentials/github-app.js'
import { findSshFaults, isForSsh } from './ssh/credential-fields.js'
import { findIdentityFaults } from './tls-identity.js'

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

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
    has('githubApp') ? 'githubApp' : [],
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

function findHeaderFaults({ headers = {}, headerFiles = {} }: Credential): string[] {
  const names = [...Object.keys(headers), ...Object.keys(headerFiles)]
  const unsendable = Object.entries(headers).filter(([, value]) => !isHeaderValue(value))
  return [
    ...(names.every((name) => HEADER_NAME.test(name))
      ? []
      : ['has a header of an impossible name']),
    ...unsendable
      .filter(([name]) => HEADER_NAME.test(name))
      .map(([name]) => `has a header ${name} with a line end or the like in it`),
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
