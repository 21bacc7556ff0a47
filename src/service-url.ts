// Where the HTTP server of a service is reached from its own machine.

const LOOPBACK: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

/** The URL of the server's root, without a slash at its end. */
export function serviceUrl(host: string, port: number): string {
  const name = LOOPBACK[host] ?? host
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`
}
