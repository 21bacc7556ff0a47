// The service of --askpass-url, which is asked before every sync.
import { SyncError } from '../../base/errors.js'
import type { Credential } from '../../credentials/credential.js'

/** How long it may take, in milliseconds. */
const TIMEOUT_MS = 1000

/** Asks for the user name and the password of `url`. Throws `credentials-invalid`. */
export async function askForLogin(
  service: string,
  url: string,
  signal: AbortSignal,
): Promise<Credential> {
  const text = await ask(service, AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]))
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
    const response = await fetch(service, { redirect: 'manual', signal })
    const text = await response.text()
    if (response.status === 200) return text
    throw refused(`it answers with status ${response.status}`)
  } catch (error) {
    if (error instanceof SyncError) throw error
    const { cause, message } = error as Error
    throw refused(`it cannot be asked (${cause instanceof Error ? cause.message : message})`)
  }
}

function refused(why: string): SyncError {
  return new SyncError(
    'credentials-invalid',
    `failed to call auth askpass URL: ${why}: check --askpass-url`,
  )
}
