// The URL in a key of git's configuration, as http.<url>.proxy, and which addresses it is for.
// https://git-scm.com/docs/git-config#Documentation/git-config.txt-httplturlgt

/** How exactly `pattern` names `url`, more is better, 0 for an empty one; undefined: not at all. */
export function specificityOf(pattern: string, url: string): number | undefined {
  if (pattern === '') return 0
  // A star is no part of a host that can be parsed.
  const [meant, given] = [pattern.replaceAll('*', WILD), url].map(parse)
  if (!meant || !given) return undefined
  const isSame = meant.protocol === given.protocol && portOf(meant) === portOf(given)
  if (!isSame || !isHostOf(meant.hostname, given.hostname)) return undefined
  if (meant.username !== '' && meant.username !== given.username) return undefined
  const path = `${meant.pathname.replace(/\/+$/, '')}/`
  if (!`${given.pathname.replace(/\/+$/, '')}/`.startsWith(path)) return undefined
  const wild = meant.hostname.split('.').filter((label) => label === WILD).length
  // A longer host counts for more than a longer path, and that for more than a user.
  const host = meant.hostname.length - wild * WILD.length + 1
  return (host * 2 ** 16 + path.length) * 2 + (meant.username === '' ? 0 : 1)
}

const WILD = 'any-label-of-a-host'

function parse(url: string): URL | undefined {
  return URL.canParse(url) ? new URL(url) : undefined
}

function portOf({ port, protocol }: URL): string {
  return port || { 'http:': '80', 'https:': '443' }[protocol] || ''
}

function isHostOf(pattern: string, host: string): boolean {
  const [meant, given] = [pattern, host].map((each) => each.split('.'))
  if (!meant || !given || meant.length !== given.length) return false
  return meant.every((label, index) => label === WILD || label === given[index])
}
