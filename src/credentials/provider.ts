// The one shape of every source of credentials: it is asked at each attempt, reads what it has
// as it is then, and gives it, or nothing.
import type { RemoteUrl } from '../git/remote-url.js'

/** One attempt to log in. */
export interface LoginAttempt {
  /** The headers that the server has just answered with 401, so that they are not given again. */
  rejected?: Readonly<Record<string, string>> | undefined
  signal?: AbortSignal | undefined
  /**
   * Whether only what names the host may go there, as it was the repository's, or the server's, choice
   * and nobody's here. @default false
   */
  mustNameHost?: boolean | undefined
  /**
   * Whether a commit names the remote, and an entry the credential for its own repository: where the
   * credential's url does not cover the remote, it is as if none were named. @default false
   */
  fallsBack?: boolean | undefined
}

/** What a remote is asked for with. */
export interface CredentialRequest {
  remote: RemoteUrl
  /** The address of `remote`. */
  url: URL
  /** The credential that the entry names. */
  name: string | undefined
  attempt: LoginAttempt
}

/**
 * Gives what there is for a request; undefined where it has nothing for it. Throws
 * `credentials-invalid`, and what a service that is asked does.
 */
export type CredentialProvider<T> = (request: CredentialRequest) => Promise<T | undefined>

/** Names in lower case. */
export type Headers = Record<string, string>

/** Headers, and where they are from. */
export interface ProvidedHeaders {
  headers: Headers
  /** In words, for a sentence: `the netrc file /etc/netrc`. */
  source: string
}

/** Whether `headers` say who asks. */
export function logsIn(headers: Headers): boolean {
  return headers['authorization'] !== undefined || headers['cookie'] !== undefined
}
