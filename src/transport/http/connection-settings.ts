// How the host of one address is reached, where that is not as for all others: what git has as
// http.<url>.proxy, sslCAInfo and sslVerify.
import type { NamedFile } from '../../base/file-name.js'
import type { HttpProxy } from './proxy.js'

/** How connections for one address are opened. */
export interface ConnectionSettings {
  /** False: none. @default as for all others */
  proxy?: HttpProxy | false | undefined
  /** Certificates of CAs that are trusted there beside Node's own. @default as for all others */
  caFile?: NamedFile | undefined
  /** Takes any certificate there: for whoever insists. @default false */
  skipTlsVerification?: boolean | undefined
}
