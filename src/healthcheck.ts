// Asks the running service whether it lives, for a container whose image has neither a
// shell nor curl. It answers within its time-out, whatever listens at the port.
import http from 'node:http'

/** Where the service listens, as its settings have it. */
export interface HealthcheckOptions {
  host: string
  port: number
  /** @default 3000 */
  timeoutMs?: number
}

const LOOPBACK: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

/** Asks GET /healthz once; one sentence on what is wrong, or undefined where nothing is. */
export async function checkHealth(options: HealthcheckOptions): Promise<string | undefined> {
  const { port, timeoutMs = 3000 } = options
  const host = LOOPBACK[options.host] ?? options.host
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}/healthz`
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    const status = await statusOf(url, signal)
    return status === 200 ? undefined : `${url} answered ${status}`
  } catch (error) {
    if (signal.aborted) return `${url} did not answer within ${timeoutMs} ms`
    const reason = error instanceof Error && 'code' in error ? `: ${error.code}` : ''
    return `${url} cannot be asked${reason}`
  }
}

function statusOf(url: string, signal: AbortSignal): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = http.get(url, { signal, agent: false }, (response) => {
      response.destroy()
      resolve(response.statusCode)
    })
    request.on('error', reject)
  })
}
