// A token as services of OAuth 2.0 answer with it.
// https://www.rfc-editor.org/rfc/rfc6749#section-5.1
import { parseJson } from '../../base/json.js'
import { isHeaderValue } from '../credential-faults.js'
import { invalidIn } from '../secret-file.js'

/** A token, and when it ends, in milliseconds since the epoch. */
export interface OauthToken {
  token: string
  expiresAt: number
}

/** Where an answer does not say how long its token lasts. */
const USUAL_LIFETIME_SECONDS = 60 * 60

/** The token in the answer `text` of `name`, given at `nowMs`. Throws `credentials-invalid`. */
export function readOauthToken(text: string, name: string, nowMs: number): OauthToken {
  let answer: unknown
  try {
    answer = parseJson(text)
  } catch {
    // An answer that is not JSON has no token either.
  }
  const { access_token: token, expires_in } = Object(answer) as Record<string, unknown>
  if (typeof token !== 'string' || token === '' || !isHeaderValue(token)) {
    throw invalidIn(name, 'its answer has no token')
  }
  // Azure's older services write the number as a text.
  const seconds = Number(expires_in) > 0 ? Number(expires_in) : USUAL_LIFETIME_SECONDS
  return { token, expiresAt: nowMs + seconds * 1000 }
}
