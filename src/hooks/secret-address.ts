// Whoever knows the address of some services may post there: what of it is long enough to be a secret.
import type { Redactor } from '../base/known-secrets.js'

/** Shorter parts are words, as `/events`, that a log may have anywhere. */
const MIN_LENGTH = 16
const PLACEHOLDER = /\{\{[^{}]*\}\}/g

/** Has `redactor` learn the segments and the values of the query of `url`, which may have placeholders. */
export function learnAddress(url: string, redactor: Pick<Redactor, 'add'>): void {
  const [, rest = ''] = /^[^:]*:\/\/[^/?#]*(.*)$/s.exec(url) ?? []
  const [path = '', ...query] = rest.replace(PLACEHOLDER, '/').split('?')
  const values = query
    .join('?')
    .split('&')
    .map((field) => field.slice(field.indexOf('=') + 1))
  for (const part of [path, ...values].flatMap((text) => text.split('/'))) {
    if (part.length >= MIN_LENGTH) redactor.add(part)
  }
}
