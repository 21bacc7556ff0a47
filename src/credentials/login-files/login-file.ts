// The files that other tools keep logins in, looked at in turn.
import { isFileName, showFile } from '../../base/file-name.js'
import type { Login } from '../authorization.js'
import type { EnvironmentCredentials, LoginFile } from '../environment.js'
import { invalidIn, MUST_BE_FILE_NAME, readOptionalText, readText } from '../secret-file.js'
import { findInGitCredentials } from './git-credentials.js'
import { findInNetrc } from './netrc.js'

/** A login, and in words where it was found. */
export interface FoundLogin {
  login: Login
  source: string
}

/** Finds a login in the text of a file, and tells `onFault` what it cannot read there. */
type Find = (
  text: string,
  url: URL,
  user: string | undefined,
  onFault: (fault: string) => void,
) => Login | undefined

/** The login for `url`, and for `username` where given: from the netrc, then from git's own file. */
export async function findLogin(
  { netrc, gitCredentials }: EnvironmentCredentials,
  url: URL,
  username: string | undefined,
): Promise<FoundLogin | undefined> {
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
): Promise<FoundLogin | undefined> {
  if (!from) return undefined
  const { written, file, isOptional } = from
  if (!isOptional && !isFileName(written)) throw invalidIn(`The ${kind} file`, MUST_BE_FILE_NAME)
  const described = `${kind} file ${showFile(from)}`
  const name = `The ${described}`
  const text = isOptional ? await readOptionalText(file) : await readText(file, name)
  if (text === undefined) return undefined
  const login = find(text, url, username, (fault) => {
    // Of a file that nobody asked for, what can be read serves.
    if (!isOptional) throw invalidIn(name, fault)
  })
  return login && { login, source: `the ${described}` }
}
