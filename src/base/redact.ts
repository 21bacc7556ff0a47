// Takes credentials out of text that leaves the process.

// The second form is a password typed with an unescaped slash, question mark or
// number sign; a port is not one. The bounds keep the time linear.
const USER_INFO =
  /([a-z][a-z0-9+.-]{0,30}:\/\/)(?:[^\s/?#]*@|[^\s/?#@:]{0,256}:(?!\d*[/?#])[^\s@"]{0,256}@)/gi
const AUTHORIZATION =
  /\b((?:proxy-)?authorization["']?\s*[:=]\s*["']?)(?:(?:basic|bearer|token)\s+)?[^\s"',]+/gi

const QUERY = /\?[\w%.~-]+=[^\s"'<>]*/g
const JSON_SECRET = /("(?:password|passphrase|secret|token)"\s*:\s*)"(?:[^"\\]|\\.)*"/gi
/** Tokens of GitHub and GitLab, which tell themselves. */
const TOKEN = /\b(?:gh[opsur]_|github_pat_|glpat-)\w[\w-]{9,}/g

/**
 * Takes out of `text` what looks like a credential: the user information and the query of URLs,
 * authorization values, secrets in JSON, and tokens of a well-known form.
 */
export function redact(text: string): string {
  return text
    .replace(USER_INFO, '$1')
    .replace(AUTHORIZATION, '$1[redacted]')
    .replace(QUERY, '?[redacted]')
    .replace(JSON_SECRET, '$1"[redacted]"')
    .replace(TOKEN, '[redacted]')
}
