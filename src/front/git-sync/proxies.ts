// The proxies that the environment names: for remotes those that git takes, for hooks those that Go takes.
import type { Environment } from '../../credentials/environment.js'
import { type ProxySettings, parseNoProxy, readProxy } from '../../transport/http/proxy.js'

/** Variables, of which the first that is set counts. */
type Variables = Record<keyof ProxySettings, readonly string[]>

/** Of HTTP_PROXY the lower case only: https://everything.curl.dev/usingcurl/proxies/env.html */
const OF_GIT: Variables = {
  httpProxy: ['http_proxy', 'all_proxy', 'ALL_PROXY'],
  httpsProxy: ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'],
  noProxy: ['no_proxy', 'NO_PROXY'],
}

/** https://pkg.go.dev/golang.org/x/net/http/httpproxy#FromEnvironment */
const OF_GO: Variables = {
  httpProxy: ['HTTP_PROXY', 'http_proxy'],
  httpsProxy: ['HTTPS_PROXY', 'https_proxy'],
  noProxy: ['NO_PROXY', 'no_proxy'],
}

/** The proxies of remotes. */
export function remoteProxies(env: Environment): ProxySettings {
  return readProxies(env, OF_GIT)
}

/** The proxies of hooks. */
export function hookProxies(env: Environment): ProxySettings {
  return readProxies(env, OF_GO)
}

function readProxies(env: Environment, variables: Variables): ProxySettings {
  const read = <T>(names: readonly string[], parse: (text: string, name: string) => T) => {
    const name = names.find((each) => env[each]?.trim())
    return name === undefined ? undefined : parse((env[name] ?? '').trim(), name)
  }
  return {
    httpProxy: read(variables.httpProxy, readProxy),
    httpsProxy: read(variables.httpsProxy, readProxy),
    noProxy: read(variables.noProxy, parseNoProxy),
  }
}
