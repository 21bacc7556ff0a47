// A service that is asked for the user name and the password, as that of git-sync's
// --askpass-url: lines `username=…` and `password=…`.
import { basic } from '../authorization.js'
import { invalidIn } from '../secret-file.js'
import { requestSecret, type ServiceClient } from './service.js'

/** Asks the service at `text` once. Its address may hold credentials of its own. */
export async function askForLogin(
  client: ServiceClient,
  text: string,
  nowMs: number,
  signal: AbortSignal,
): Promise<string> {
  const url = new URL(text)
  const { username, password } = url
  url.username = ''
  url.password = ''
  const name = `The askpass service at ${url.origin}`
  const headers =
    username || password
      ? { authorization: basic({ username: decode(username), password: decode(password) }) }
      : {}
  const answer = await requestSecret(client, name, {
    url: url.href,
    headers,
    signal,
    nowMs,
    remedies: {
      401: 'check the user name and the password in askpassUrl',
      404: 'check the path in askpassUrl',
    },
  })
  const fields = new Map(
    answer.split(/\r?\n/).map((line) => {
      const [key = '', ...value] = line.split('=')
      return [key, value.join('=')]
    }),
  )
  const secret = fields.get('password')
  if (!secret) throw invalidIn(name, 'its answer has no line that starts with "password="')
  return basic({ username: fields.get('username') ?? '', password: secret })
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    // A lone percent sign is what the user typed.
    return part
  }
}
