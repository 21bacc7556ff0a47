// Asks the running service how it is, for a container whose image has neither a
// shell nor curl. It answers within its time-out, whatever listens at the port.
import http from 'node:http'
import { codeOf } from '../../base/errno.js'
import { redact } from '../../base/redact-patterns.js'
import { serviceUrl } from '../../service-url.js'

/** The routes that answer 200 or not. */
export const PROBES = ['healthz', 'livez', 'startupz', 'readyz'] as const
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

/** How much of an answer is shown. */
const EXCERPT_CHARACTERS = 300

/** Asks a probe once; one sentence on what is wrong, or undefined where nothing is. */
export async function checkHealth(options: HealthcheckOptions): Promise<string | undefined> {
  const { port, probe, timeoutMs = 3000 } = options
  const url = `${serviceUrl(options.host, port)}/${probe}`
  const signal = AbortSignal.timeout(timeoutMs)
  const advice = 'check that the service runs, and its HTTP_HOST and HTTP_PORT'
  try {
    const response = await ask(url, signal)
    const status = response.statusCode
    if (status === 200) {
      response.destroy()
      return undefined
    }
    const words = await startOf(response)
    if (status === 503) return `${url} answered 503: ${words || 'look at the log of the service'}`
    return `${url} answered ${status}, which this service does not: ${advice}`
  } catch (error) {
    if (signal.aborted) return `${url} did not answer within ${timeoutMs} ms: ${advice}`
    const code = codeOf(error)
    return `${url} cannot be asked${code && ` (${code})`}: ${advice}`
  }
}

function ask(url: string, signal: AbortSignal): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    http.get(url, { signal, agent: false }, resolve).on('error', reject)
  })
}

/** The first words of an answer, on one line. */
async function startOf(response: http.IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) {
    text += chunk
    if (text.length >= EXCERPT_CHARACTERS) break
  }
  return redact(text.replace(/[\s\p{Cc}]+/gu, ' ').trim()).slice(0, EXCERPT_CHARACTERS)
}
