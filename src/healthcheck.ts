// Asks the running service how it is, for a container whose image has neither a
// shell nor curl. It answers within its time-out, whatever listens at the port.
import http from 'node:http'
import { codeOf } from './base/errno.js'

/** The routes that answer 200 or not. */
export const PROBES = ['healthz', 'startupz', 'readyz'] as const
export type Probe = (typeof PROBES)[number]

/** Whether there is such a probe. */
export function isProbe(name: string): name is Probe {
  return PROBES.some((probe) => probe === name)
}

/** Which probe is asked, and where the service listens, as its settings have it. */
export interface HealthcheckOptions {
  probe: Probe
  host: string
  port: number
  /** @default 3000 */
  timeoutMs?: number
}

const LOOPBACK: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

/** Asks a probe once; one sentence on what is wrong, or undefined where nothing is. */
export async function checkHealth(options: HealthcheckOptions): Promise<string | undefined> {
  const { port, probe, timeoutMs = 3000 } = options
  const host = LOOPBACK[options.host] ?? options.host
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}/${probe}`
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    const status = await statusOf(url, signal)
    return status === 200 ? undefined : `${url} answered ${status}`
  } catch (error) {
    if (signal.aborted) return `${url} did not answer within ${timeoutMs} ms`
    const code = codeOf(error)
    return `${url} cannot be asked${code === '' ? '' : `: ${code}`}`
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
