// Takes credentials out of text that leaves the process.

// The second form is a password typed with an unescaped slash, question mark or
// number sign; a port is not one. The bounds keep the time linear.
const USER_INFO =
  /([a-z][a-z0-9+.-]{0,30}:\/\/)(?:[^\s/?#]*@|[^\s/?#@:]{0,256}:(?!\d*[/?#])[^\s@"]{0,256}@)/gi
const AUTHORIZATION =
  /\b((?:proxy-)?authorization["']?\s*[:=]\s*["']?)(?:(?:basic|bearer|token)\s+)?[^\s"',]+/gi

/** Replaces the user information of every URL, and every authorization value, in `text`. */
export function redact(text: string): string {
  return text.replace(USER_INFO, '$1').replace(AUTHORIZATION, '$1[redacted]')
}
