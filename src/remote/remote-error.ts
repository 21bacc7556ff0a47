// A remote's own words: how they are shown, and which of them have a code of their own.
import { SyncError } from '../base/errors.js'

/** The text of a packet line, without its line end. Throws where the server reports an error. */
export function lineOf(payload: Buffer): string {
  const text = payload.toString('utf8').replace(/\n$/, '')
  if (text.startsWith('ERR ')) throw remoteError(text.slice(4))
  return text
}

/** How many characters of a server's words are shown. */
const MAX_WORDS = 200

/** The server's own words as an error; the best known of them get a code of their own. */
export function remoteError(words: string): SyncError {
  const said = words
    .slice(0, 2 * MAX_WORDS)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, MAX_WORDS)
  if (/not our ref|no such remote ref|unadvertised object/i.test(said)) {
    return new SyncError(
      'commit-not-found',
      `The remote does not have the wanted commit, or serves only what a branch or a tag leads to: correct the entry's commit, or follow a branch or a tag (it said: ${said})`,
    )
  }
  if (/repository .*not found|does not appear to be a git repository|not exported/i.test(said)) {
    return new SyncError(
      'repository-not-found',
      `The remote has no such repository, or hides it; check the address, and that its credentials may read it (it said: ${said})`,
    )
  }
  return new SyncError(
    'remote-error',
    `The remote refused; where its words do not tell why, look at its log (it said: ${said})`,
  )
}
