// Every way to log in that is tried, in turn: the keys and the password of a credential;
// or else the keys in the usual places, then those of ssh-agent.
import type { AnyAuthMethod, AuthenticationType } from 'ssh2'
import { SyncError } from '../../base/errors.js'
import { showFile } from '../../base/file-name.js'
import { readSecret, type SshCredential, unusable } from './credential.js'
import { defaultKeyFiles, type SshDefaults } from './defaults.js'
import { describeKey } from './fingerprint.js'
import { type Identity, readIdentity } from './identity.js'
import { connectTimeout } from './ssh-error.js'

interface Attempt {
  /** How errors name it, if at all. */
  label: string | undefined
  method: AnyAuthMethod
}

const AGENT = 'the keys of ssh-agent'

/** One login: what the SSH client tries next, and what to say where nothing worked. */
export class Login {
  readonly username: string
  readonly #attempts: Attempt[]
  /** What could have been tried but for a fault. */
  readonly #skipped: string[]
  readonly #tried = new Set<string>()
  /** What the server does not accept. */
  readonly #refused = new Set<string>()
  #accepted: readonly string[] = []

  constructor(username: string, attempts: readonly Attempt[], skipped: readonly string[]) {
    this.username = username
    this.#attempts = [...attempts]
    this.#skipped = [...skipped]
  }

  /** The next method, of those that the server accepts; false after the last. */
  next(accepted: readonly AuthenticationType[] | null): AnyAuthMethod | false {
    this.#accepted = accepted ?? this.#accepted
    for (;;) {
      const attempt = this.#attempts.shift()
      if (!attempt) return false
      const { label, method } = attempt
      const name = method.type === 'agent' ? 'publickey' : method.type
      const isAccepted = accepted?.includes(name) ?? true
      if (label !== undefined) (isAccepted ? this.#tried : this.#refused).add(label)
      if (isAccepted) return method
    }
  }

  /** The agent could not be asked; `words` say why. */
  skipAgent(words: string): void {
    this.#tried.delete(AGENT)
    this.#skipped.push(`ssh-agent (${words})`)
  }

  /** That `host` let nobody in for long. */
  timeout(host: string): SyncError {
    if ([...this.#tried].at(-1) !== AGENT) return connectTimeout(host, 'finish the SSH login')
    return new SyncError(
      'connect-timeout',
      `The login to ${host} did not end in time, after the ssh-agent of SSH_AUTH_SOCK was asked; check that ssh-add -l answers`,
    )
  }

  /** Whether the server was asked to let this user in. */
  get isUnderWay(): boolean {
    return this.#tried.size > 0
  }

  /** What went wrong at `host`; `words` are the server's or the SSH client's own. */
  failure(host: string, words: string): SyncError {
    const refused = [...this.#refused]
      .filter((label) => !this.#tried.has(label))
      .map((label) => `${label} (not accepted)`)
    const none = refused.length > 0 ? 'nothing' : 'nothing, as there is no key'
    const tried = this.#tried.size > 0 ? [...this.#tried].join(', ') : none
    const unused = [...this.#skipped, ...refused]
    const skipped = unused.length > 0 ? `; not used: ${unused.join(', ')}` : ''
    const accepted = this.#accepted.length > 0 ? `; it accepts ${this.#accepted.join(' and ')}` : ''
    return new SyncError(
      'authentication-required',
      `${host} does not let ${this.username} log in (${words}); tried: ${tried}${skipped}${accepted}; name a key by sshKeyFile whose public part that server knows`,
    )
  }
}

/**
 * Reads what there is to log in with, and tells `onSecret` of each password and passphrase before
 * it is used. Throws `credentials-invalid` where no named key can be used.
 */
export async function readLogin(
  user: string | undefined,
  credential: SshCredential,
  defaults: SshDefaults,
  onSecret: (secret: string) => void = () => undefined,
): Promise<Login> {
  const username = user ?? credential.username ?? defaults.username
  const passphrase = await readSecret(credential.passphrase, credential)
  const password = await readSecret(credential.password, credential)
  for (const secret of [passphrase, password]) if (secret !== undefined) onSecret(secret)
  const isNamed = credential.keyFiles !== undefined || password !== undefined
  const files = isNamed ? (credential.keyFiles ?? []) : await defaultKeyFiles(defaults)
  const identities: Identity[] = []
  for (const named of files) {
    const identity = await readIdentity(named, passphrase)
    if (identity) identities.push(identity)
    else if (isNamed) identities.push({ name: showFile(named), fault: 'is missing' })
  }
  const skipped = identities.flatMap((each) =>
    'fault' in each ? `${each.name} ${each.fault}` : [],
  )
  if (isNamed && skipped.length > 0 && skipped.length === identities.length) {
    throw unusable(credential, `its SSH key ${skipped[0]}`)
  }
  const attempts: Attempt[] = [
    // Some servers know their users by other means.
    { label: undefined, method: { type: 'none', username } },
    ...identities.flatMap((each) => ('key' in each ? [keyAttempt(username, each)] : [])),
    ...(isNamed ? [] : agentAttempts(username, defaults.agentSocket)),
    ...(password === undefined ? [] : passwordAttempts(username, password)),
  ]
  return new Login(username, attempts, skipped)
}

function keyAttempt(username: string, { name, key }: Extract<Identity, { key: unknown }>): Attempt {
  return {
    label: `${name} (${describeKey(key.getPublicSSH())})`,
    method: { type: 'publickey', username, key },
  }
}

function agentAttempts(username: string, agent: string | undefined): Attempt[] {
  if (agent === undefined) return []
  return [{ label: AGENT, method: { type: 'agent', username, agent } }]
}

/** Some servers ask for a password in their own words only. */
function passwordAttempts(username: string, password: string): Attempt[] {
  return [
    { label: 'the password', method: { type: 'password', username, password } },
    {
      label: 'the password',
      method: {
        type: 'keyboard-interactive',
        username,
        prompt: (_name, _instructions, _language, prompts, finish) =>
          finish(prompts.map(() => password)),
      },
    },
  ]
}
