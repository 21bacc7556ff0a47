// A file that another tool keeps logins in, as a source.
import { isFileName, showFile } from '../../base/file-name.js'
import { basic, type Login } from '../authorization.js'
import type { LoginFile } from '../environment.js'
import type { CredentialProvider, ProvidedHeaders } from '../provider.js'
import { invalidIn, MUST_BE_FILE_NAME, readOptionalText, readText } from '../secret-file.js'

/**
 * Finds the login for `url`, and for the user name where one is given, in the text of a file, and
 * tells `onFault` what it cannot read there. With `mustNameHost`, the login for every host is none.
 */
export type FindLogin = (
  text: string,
  url: URL,
  username: string | undefined,
  onFault: (fault: string) => void,
  mustNameHost?: boolean,
) => Login | undefined

/** Creates the provider of what a file of this kind has. */
export function createLoginFileProvider(
  from: LoginFile | undefined,
  kind: string,
  find: FindLogin,
): CredentialProvider<ProvidedHeaders> {
  let reading: Promise<string | undefined> | undefined
  return async ({ attempt, remote, url }) => {
    if (!from) return undefined
    const { written, file, isOptional } = from
    if (!isOptional && !isFileName(written)) throw invalidIn(`The ${kind} file`, MUST_BE_FILE_NAME)
    const described = `${kind} file ${showFile(from)}`
    const name = `The ${described}`
    // One read serves all who ask while it is under way: hundreds of remotes are polled at once.
    reading ??= (isOptional ? readOptionalText(file) : readText(file, name)).finally(() => {
      reading = undefined
    })
    const text = await reading
    if (text === undefined) return undefined
    const onFault = (fault: string) => {
      // Of a file that nobody asked for, what can be read serves.
      if (!isOptional) throw invalidIn(name, fault)
    }
    const login = find(text, url, remote.credentials?.username, onFault, attempt.mustNameHost)
    return login && { headers: { authorization: basic(login) }, source: `the ${described}` }
  }
}
