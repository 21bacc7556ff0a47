// The files that other tools keep logins in, looked at in turn.
import type { Login } from './authorization.js'
import type { EnvironmentCredentials, LoginFile } from './environment.js'
import { findInGitCredentials } from './git-credentials.js'
import { findInNetrc } from './netrc.js'
import { readOptionalText, readText } from './secret-file.js'

type Find = (text: string, name: string, url: URL, user: string | undefined) => Login | undefined

/** The login for `url`, and for `username` where given: from the netrc, then from git's own file. */
export async function findLogin(
  { netrc, gitCredentials }: EnvironmentCredentials,
  url: URL,
  username: string | undefined,
): Promise<Login | undefined> {
  return (
    (await findIn(netrc, 'netrc', findInNetrc, url, username)) ??
    (await findIn(gitCredentials, 'git-credentials', findInGitCredentials, url, username))
  )
}

async function findIn(
  from: LoginFile | undefined,
  kind: string,
  find: Find,
  url: URL,
  username: string | undefined,
): Promise<Login | undefined> {
  if (!from) return undefined
  const name = `The ${kind} file ${from.file}`
  const read = from.isOptional ? readOptionalText : readText
  const text = await read(from.file, name)
  return text === undefined ? undefined : find(text, name, url, username)
}
