// Takes credentials out of text that leaves the process.

// The second form is a password typed with an unescaped slash, question mark or
// number sign; a port is not one. The bounds keep the time linear. A mistyped scheme, or
// one that was taken for a path, has another number of slashes, or none before them.
const PASSWORD = /[^\s/?#@:]{0,256}:(?!\d*[/?#])[^\s@"]{0,256}@/.source
const USER_INFO = new RegExp(
  `([a-z][a-z0-9+.-]{0,30}[:;]/+)(?:[^\\s/?#]*@|${PASSWORD})|(//)${PASSWORD}`,
  'gi',
)
// The name of a scheme alone, as in advice, is none.
const AUTHORIZATION =
  /\b((?:proxy-)?authorization["']?\s*[:=]\s*["']?)(?:(?:basic|bearer|token)\s+[^\s"',`]+|(?!(?:basic|bearer|token)(?:["'`,]|\s|$))[^\s"',]+)/gi

const QUERY = /\?[\w%.~-]+=[^\s"'<>]*/g
const JSON_SECRET = /("[\w-]{0,64}(?:password|passphrase|secret|token)"\s*:\s*)"(?:[^"\\]|\\.)*"/gi
const PEM = /-----BEGIN\b[\s\S]*?(?:-----END[A-Z0-9 ]*-----|$)/g
/** Tokens of GitHub and GitLab, which tell themselves. */
const TOKEN = /\b(?:gh[opsur]_|github_pat_|glpat-)\w[\w-]{9,}/g

/** What has none of this is no credential by any of the patterns above. */
const SUSPICION = /[@?"]|-----BEGIN|authorization|gh[opsur]_|github_pat_|glpat-/i

/**
 * Takes out of `text` what looks like a credential: the user information and the query of URLs,
 * authorization values, secrets in JSON, PEM, and tokens of a well-known form.
 */
export function redact(text: string): string {
  if (!SUSPICION.test(text)) return text
  return text
    .replace(PEM, '[redacted]')
    .replace(USER_INFO, '$1$2')
    .replace(AUTHORIZATION, '$1[redacted]')
    .replace(QUERY, '?[redacted]')
    .replace(JSON_SECRET, '$1"[redacted]"')
    .replace(TOKEN, '[redacted]')
}
