// The service of --askpass-url, which is asked before every sync.
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Clock } from '../../base/clock.js'
import { SyncError } from '../../base/errors.js'
import type { Credential } from '../../credentials/credential.js'

/** How long it may take, in milliseconds. */
const TIMEOUT_MS = 1000
/** More is no login. */
const MAX_BYTES = 64 * 1024

/** Asks for the user name and the password of `url`. Throws `credentials-invalid`. */
export async function askForLogin(
  service: string,
  url: string,
  clock: Pick<Clock, 'schedule'>,
  signal: AbortSignal,
): Promise<Credential> {
  const limit = new AbortController()
  const timer = clock.schedule(TIMEOUT_MS, () => limit.abort(late()))
  const asked = ask(service, AbortSignal.any([signal, limit.signal]))
  const text = await asked.finally(() => timer.cancel())
  const fields = new Map(
    text.split(/\r?\n/).map((line): [string, string] => {
      const [key = '', ...value] = line.split('=')
      return [key, value.join('=')]
    }),
  )
  const [username, password] = [fields.get('username'), fields.get('password')]
  if (!username || !password) throw refused('its answer has no username= and password=')
  return { url, username, password }
}

async function ask(service: string, signal: AbortSignal): Promise<string> {
  try {
    const { get } = service.startsWith('https:')
      ? await import('node:https')
      : await import('node:http')
    // Some services end lines without a carriage return, which only this parser takes.
    const request = get(service, { signal, insecureHTTPParser: true })
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    const text = await readText(response)
    if (response.statusCode === 200) return text
    throw refused(`it answers with status ${response.statusCode}`)
  } catch (error) {
    if (error instanceof SyncError) throw error
    if (signal.reason instanceof SyncError) throw signal.reason
    throw refused(`it cannot be asked (${(error as Error).message})`)
  }
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response) {
    length += chunk.length
    if (length > MAX_BYTES) throw refused(`its answer has more than ${MAX_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function refused(why: string): SyncError {
  return new SyncError(
    'credentials-invalid',
    `failed to call auth askpass URL: ${why}: check --askpass-url`,
  )
}

function late(): SyncError {
  return refused(`it does not answer within ${TIMEOUT_MS / 1000} s`)
}
