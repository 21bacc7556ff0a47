// Which proxy, if any, a request goes through: HTTP_PROXY, HTTPS_PROXY and NO_PROXY
// mean what they mean to curl and git. https://everything.curl.dev/usingcurl/proxies/env.html
import { SyncError } from '../../base/errors.js'
import { decodeUserInfo } from '../../git/remote-url.js'
import { createBypass, type IsBypassed } from './proxy-bypass.js'

/** A proxy of HTTP, with its credentials set apart so that no later part can print them. */
export interface HttpProxy {
  /** `http://host:port` or `https://host:port`. */
  origin: string
  /** The value of Proxy-Authorization. */
  authorization: string | undefined
}

/** What was named as a proxy and is none: a fault of nobody but whoever is to be reached by it. */
export interface UnusableProxy {
  /** As `all_proxy must start with …`. */
  fault: string
}

export interface ProxySettings {
  /** For `http://` remotes. */
  httpProxy: HttpProxy | UnusableProxy | undefined
  /** For `https://` remotes. */
  httpsProxy: HttpProxy | UnusableProxy | undefined
  /** What is reached directly: the parts of NO_PROXY. */
  noProxy: readonly string[] | undefined
}

/** The proxy for a URL; undefined where it is reached directly. Throws `proxy-failed` where it is an unusable one. */
export type ChooseProxy = (url: URL) => HttpProxy | undefined

/** Who answers only the machine that asks, as servers of a cloud's metadata do. */
const LINK_LOCAL = ['metadata.google.internal', '169.254.0.0/16']

/** This machine itself. */
export const LOOPBACK = ['localhost', '127.0.0.0/8', '::1']

/** Creates the choice of a proxy by the scheme and the host of a URL; `direct` has more parts like those of NO_PROXY. */
export function createProxyChoice(
  { httpProxy, httpsProxy, noProxy }: ProxySettings,
  direct: readonly string[] = [],
): ChooseProxy {
  // Not before there is a proxy: to find the first address among names takes Node some milliseconds.
  let isBypassed: IsBypassed | undefined
  return (url) => {
    const proxy = url.protocol === 'https:' ? httpsProxy : httpProxy
    if (!proxy) return undefined
    isBypassed ??= createBypass([...(noProxy ?? []), ...LINK_LOCAL, ...direct])
    if (isBypassed(url)) return undefined
    if (!('fault' in proxy)) return proxy
    throw new SyncError(
      'proxy-failed',
      `No proxy can be used for ${url.host}: ${proxy.fault}; or reach the host directly by NO_PROXY`,
    )
  }
}

/** Parses what `variable` has, as {@link parseProxy}, but never throws. */
export function readProxy(text: string, variable: string): HttpProxy | UnusableProxy {
  try {
    return parseProxy(text)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return { fault: `${variable} ${error.message}` }
  }
}

/** Parses `[http://|https://][user:password@]host[:port]`. Throws a RangeError without quoting it. */
export function parseProxy(text: string): HttpProxy {
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (!parsed || /\s/.test(text)) {
    throw new RangeError('must be the URL of a proxy, with its user and password percent-encoded')
  }
  const { protocol, origin, username, password, pathname, search, hash } = parsed
  if (protocol !== 'http:' && protocol !== 'https:') {
    throw new RangeError(`must start with http:// or https://: ${protocol}// is not supported`)
  }
  // Most likely the end of a password that holds a slash or the like.
  if (pathname !== '/' || search || hash) {
    throw new RangeError('must end after the port: percent-encode its user and password')
  }
  if (!username && !password) return { origin, authorization: undefined }
  const userInfo = Buffer.from(`${decodeUserInfo(username)}:${decodeUserInfo(password)}`)
  return { origin, authorization: `Basic ${userInfo.toString('base64')}` }
}

/** Splits NO_PROXY at commas and white space. */
export function parseNoProxy(text: string): string[] {
  return text.split(/[\s,]+/).filter(Boolean)
}
