// Every way to log in that is tried, in turn: the keys and the password of a credential;
// or else the keys in the usual places, then those of ssh-agent.
import type { AnyAuthMethod, AuthenticationType } from 'ssh2'
import { SyncError } from '../../base/errors.js'
import type { SshKey } from '../../credentials/ssh/key-file.js'
import type { SshCredential } from '../../credentials/ssh/ssh-credential.js'
import type { SshDefaults } from '../../credentials/ssh/ssh-defaults.js'
import { readSshSecrets } from '../../credentials/ssh/ssh-secrets.js'
import { describeKey } from '../../ssh/fingerprint.js'
import { connectTimeout } from './ssh-error.js'

interface LoginMethod {
  /** How errors name it, if at all. */
  label: string | undefined
  method: AnyAuthMethod
}

const AGENT = 'the keys of ssh-agent'

/** One login: what the SSH client tries next, and what to say where nothing worked. */
export class SshLogin {
  readonly username: string
  readonly #attempts: LoginMethod[]
  /** What could have been tried but for a fault. */
  readonly #skipped: string[]
  readonly #tried = new Set<string>()
  /** What the server does not accept. */
  readonly #refused = new Set<string>()
  #accepted: readonly string[] = []

  constructor(username: string, attempts: readonly LoginMethod[], skipped: readonly string[]) {
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
    const unused = [...new Set([...this.#skipped, ...refused])]
    const skipped = unused.length > 0 ? `; not used: ${unused.join(', ')}` : ''
    const ways = [...new Set(this.#accepted)]
    const accepted = ways.length > 0 ? `; it accepts ${ways.join(' and ')}` : ''
    return new SyncError(
      'authentication-required',
      `${host} does not let ${this.username} log in (${words}); tried: ${tried}${skipped}${accepted}; name a key by sshKeyFile whose public part that server knows`,
    )
  }
}

/**
 * What can be tried with `credential`, whose passwords and passphrases `onSecret` is told of before
 * they are used. Throws `credentials-invalid` where no named key can be used.
 */
export async function readLogin(
  user: string | undefined,
  credential: SshCredential,
  defaults: SshDefaults,
  onSecret: (secret: string) => void = () => undefined,
): Promise<SshLogin> {
  const username = user ?? credential.username ?? defaults.username
  const secrets = await readSshSecrets(credential, defaults, onSecret)
  const { isNamed, password, keys, skipped } = secrets
  const attempts: LoginMethod[] = [
    // Some servers know their users by other means.
    { label: undefined, method: { type: 'none', username } },
    ...keys.map((key) => keyAttempt(username, key)),
    ...(isNamed ? [] : agentAttempts(username, defaults.agentSocket)),
    ...(password === undefined ? [] : passwordAttempts(username, password)),
  ]
  return new SshLogin(username, attempts, skipped)
}

function keyAttempt(username: string, { name, key }: SshKey): LoginMethod {
  return {
    label: `${name} (${describeKey(key.getPublicSSH())})`,
    method: { type: 'publickey', username, key },
  }
}

function agentAttempts(username: string, agent: string | undefined): LoginMethod[] {
  if (agent === undefined) return []
  return [{ label: AGENT, method: { type: 'agent', username, agent } }]
}

/** Some servers ask for a password in their own words only. */
function passwordAttempts(username: string, password: string): LoginMethod[] {
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
