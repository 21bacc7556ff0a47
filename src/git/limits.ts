// What a remote may make this service receive, hold and write: settings that no honest
// repository meets, so that a hostile one cannot fill memory, a volume, or a day.
import { formatBytes } from '../base/bytes.js'
import { SyncError } from '../base/errors.js'

/** The most that one commit may take. */
export interface Limits {
  /** Bytes of the received pack. */
  packBytes: number
  /** Bytes of all objects of the pack, and of all files written for the commit. */
  checkoutBytes: number
  /** Files and directories. */
  files: number
}

/** No limits: for what is trusted. */
export const UNLIMITED: Limits = {
  packBytes: Number.POSITIVE_INFINITY,
  checkoutBytes: Number.POSITIVE_INFINITY,
  files: Number.POSITIVE_INFINITY,
}

/** The fault of a commit that exceeds one of the limits. */
export function tooLarge(
  { packBytes, checkoutBytes, files }: Limits,
  what: keyof Limits,
): SyncError {
  const sentences = {
    packBytes: `The received pack is larger than MAX_PACK_BYTES (${formatBytes(packBytes)})`,
    checkoutBytes: `The commit unpacks to more than MAX_CHECKOUT_BYTES (${formatBytes(checkoutBytes)})`,
    files: `The commit has more files and directories than MAX_FILES (${files})`,
  }
  return new SyncError(
    'commit-too-large',
    `${sentences[what]}; nothing of it is published: raise the setting if the repository is meant to be so large`,
  )
}
