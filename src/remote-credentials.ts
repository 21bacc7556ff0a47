// What authenticates remotes, wired once from the settings and this process's environment: the
// service asks it at each attempt, and `validate` asks it the same, once.
import {
  type Credentials,
  type CredentialsOptions,
  createCredentials,
} from './credentials/credentials.js'
import type { Settings } from './settings.js'

/** Creates the credentials of all remotes; without a client, no service is asked for any. */
export function createRemoteCredentials(
  { credentialsPath: path }: Pick<Settings, 'credentialsPath'>,
  services: Omit<CredentialsOptions, 'path' | 'cwd'> = {},
): Credentials {
  return createCredentials({ path, env: process.env, cwd: process.cwd(), ...services })
}
