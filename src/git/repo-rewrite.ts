// Addresses by which repositories are reached in place of those that the listing has, as
// git's insteadOf: REPO_REWRITE. Both are compared and joined as RemoteUrl has addresses.
import { type InsteadOf, rewriteUrl } from './instead-of.js'
import { parseRemoteUrl, type RemoteUrl } from './remote-url.js'

const HOST_ALONE = /^[a-z][a-z0-9+.-]*:\/\/[^/]+$/i

/** Reads `from=to`, several of them by blanks, line ends or commas. Throws a RangeError. */
export function parseRepoRewrites(text: string): InsteadOf {
  const rules = text.split(/[\s,]+/).filter((rule) => rule !== '')
  const rewrites = rules.map((rule, index) => {
    const [from = '', ...to] = rule.split('=')
    if (from === '' || to.join('=') === '') {
      throw new RangeError(`must be from=to, several by blanks: rule ${index + 1} is not`)
    }
    const fault = (end: string) => `has in rule ${index + 1} an address ${end}`
    const prefix = prefixOf(from, 'before', fault)
    const base = prefixOf(to.join('='), 'after', fault)
    return [prefix.endsWith('/') && !base.endsWith('/') ? `${base}/` : base, prefix] as const
  })
  const twice = rewrites.findIndex(([, from], at) =>
    rewrites.slice(0, at).some(([, earlier]) => earlier === from),
  )
  if (twice < 0) return rewrites
  throw new RangeError(`says twice what stands for one address: leave out rule ${twice + 1}`)
}

/** The remote that is asked in place of `remote`; undefined: it is asked itself. */
export function rewriteRemote({ url }: RemoteUrl, rewrites: InsteadOf): RemoteUrl | undefined {
  const rewritten = rewriteUrl(url, rewrites)
  if (rewritten === url) return undefined
  const scheme = rewritten.slice(0, rewritten.indexOf(':'))
  const transport = scheme === 'file' ? 'local' : scheme === 'ssh' ? 'ssh' : 'http'
  // What leads upwards is seen now, by whoever looks for credentials, and not by the server alone.
  const normal = transport === 'http' ? new URL(rewritten).href : rewritten
  return { transport, url: normal, credentials: undefined }
}

/** What every address begins with, as RemoteUrl has it, that begins with `text`. */
function prefixOf(text: string, side: 'before' | 'after', fault: (end: string) => string): string {
  const where = `${side} the "=" that`
  const prefix = HOST_ALONE.test(text) ? `${text}/` : text
  if (!/^(?:\/|[^/]*:)/.test(prefix)) {
    throw new RangeError(fault(`${where} lacks its scheme: write https://host/`))
  }
  // A path of one letter can stand below each of them, and is left as it is.
  const { credentials, url } = parsed(`${prefix}x`, where, fault)
  if (credentials) {
    throw new RangeError(fault(`${where} has credentials in it: give them in CREDENTIALS_PATH`))
  }
  return url.slice(0, -1)
}

function parsed(text: string, where: string, fault: (end: string) => string): RemoteUrl {
  try {
    return parseRemoteUrl(text, '/')
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new RangeError(fault(`${where} ${error.message}`))
  }
}
