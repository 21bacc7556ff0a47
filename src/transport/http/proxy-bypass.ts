// Which hosts are reached without a proxy: NO_PROXY with names, suffixes, addresses,
// CIDR ranges and ports. A name is never looked up to compare its address.
import net from 'node:net'

/** Whether a URL is reached directly. */
export type IsBypassed = (url: URL) => boolean

interface ProxiedHost {
  /** In lower case, without brackets or a dot at its end. */
  host: string
  port: number
}

type Matches = (destination: ProxiedHost) => boolean

/**
 * Creates the check for the parts of NO_PROXY: `*`, `example.com` or `.example.com` (with all
 * below it), an address, or a range such as `10.0.0.0/8`; each but a range may end in `:port`.
 */
export function createBypass(parts: readonly string[]): IsBypassed {
  const matchers = parts.map(matcherOf)
  return (url) => {
    const destination = destinationOf(url)
    return matchers.some((matches) => matches(destination))
  }
}

function destinationOf({ hostname, port, protocol }: URL): ProxiedHost {
  const host = withoutBrackets(hostname).replace(/\.$/, '')
  return { host, port: Number(port) || (protocol === 'https:' ? 443 : 80) }
}

function matcherOf(part: string): Matches {
  if (part === '*') return () => true
  const [range, address = '', bits = ''] = /^(.+)\/(\d+)$/.exec(part) ?? []
  if (range !== undefined) return rangeMatcher(withoutBrackets(address), Number(bits))

  const [, named = part, wantedPort] = net.isIPv6(part) ? [] : (/^(.+):(\d+)$/.exec(part) ?? [])
  const matchesHost = hostMatcher(withoutBrackets(named).toLowerCase())
  if (wantedPort === undefined) return matchesHost
  return (destination) => destination.port === Number(wantedPort) && matchesHost(destination)
}

function hostMatcher(text: string): Matches {
  const family = net.isIP(text)
  if (family !== 0) return rangeMatcher(text, family === 4 ? 32 : 128)
  const name = text.replace(/^\*?\./, '').replace(/\.$/, '')
  return ({ host }) => host === name || host.endsWith(`.${name}`)
}

/** What is no range matches nothing, as with curl. */
function rangeMatcher(address: string, bits: number): Matches {
  const family = net.isIP(address)
  if (family === 0 || bits > (family === 4 ? 32 : 128)) return () => false
  const range = new net.BlockList()
  range.addSubnet(address, bits, familyName(family))
  return ({ host }) => net.isIP(host) !== 0 && range.check(host, familyName(net.isIP(host)))
}

function familyName(family: number): 'ipv4' | 'ipv6' {
  return family === 4 ? 'ipv4' : 'ipv6'
}

function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1')
}
