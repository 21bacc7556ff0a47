// A session with a repository over SSH, as the service would have it.

import { setMaxListeners } from 'node:events'
import { systemClock } from '../../../src/base/clock.js'
import type { Credential, FoundCredential } from '../../../src/credentials/credential.js'
import { toSshCredential } from '../../../src/credentials/ssh/ssh-credential.js'
import type { SshDefaults } from '../../../src/credentials/ssh/ssh-defaults.js'
import { parseRemoteUrl } from '../../../src/git/remote-url.js'
import type { FetchedPack, RemoteSession } from '../../../src/remote/remote-session.js'
import { SmartSession } from '../../../src/remote/smart/smart-session.js'
import {
  createSshTransports,
  type SshTransportOptions,
  type SshTransports,
} from '../../../src/transport/ssh/transport.js'
import { atEnd } from '../../helpers/at-end.js'
import type { TestScope } from '../../helpers/git.js'
import { refsBounds } from '../../helpers/memory.js'
import type { Sshd } from '../../helpers/sshd.js'

export const signal = new AbortController().signal
setMaxListeners(0, signal)

/** No file of the machine that runs the test is looked at. */
export const NOWHERE: SshDefaults = {
  secretDirectory: '/nowhere',
  homes: [],
  agentSocket: undefined,
  username: 'nobody',
}

export interface Harness {
  transports: SshTransports
  /** A session with what `credential` says. */
  session(url: string, credential?: Credential): RemoteSession
}

export function createHarness(t: TestScope, options: Partial<SshTransportOptions> = {}): Harness {
  const transports = createSshTransports({
    clock: systemClock,
    defaults: NOWHERE,
    idleTimeoutMs: 60_000,
    ...options,
  })
  atEnd(t, () => transports.close())
  return {
    transports,
    session(repo, credential) {
      const remote = parseRemoteUrl(repo, '/')
      const found = credential && foundIn(credential)
      const authorize = async () => toSshCredential(remote, found)
      return new SmartSession(transports.open(remote.url, authorize), refsBounds())
    },
  }
}

/** `credential` as it is found in a credentials file. */
export function foundIn(credential: Credential): FoundCredential {
  const origin = { name: 'The credential in /srv/credentials.json', folder: '/srv' }
  return { credential, label: 'credential', origin }
}

/** What is needed to log in to `sshd`. */
export function credentialFor(sshd: Sshd, more: Credential = {}): Credential {
  const hosts = more.knownHostsFiles ? {} : { knownHostsFile: sshd.knownHosts }
  return { sshKeyFile: sshd.key, ...hosts, ...more }
}

export async function bytesOf({ chunks }: FetchedPack): Promise<Buffer> {
  const received: Buffer[] = []
  for await (const chunk of chunks) received.push(chunk)
  return Buffer.concat(received)
}
