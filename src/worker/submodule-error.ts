// What goes wrong with a submodule is told with its path, and where its address is from.
import { attributeTo, type ErrorCode, toSyncError } from '../base/errors.js'
import { displayPath } from '../volume/byte-path.js'

/** Where the address may be wrong, or leads where nobody here meant to go. */
const OF_THE_ADDRESS: readonly ErrorCode[] = [
  'access-denied',
  'authentication-required',
  'host-key-unknown',
  'host-not-found',
  'not-a-git-server',
  'redirect-refused',
  'repository-not-found',
]

/**
 * Runs what concerns the submodule at `path`, a byte path; undefined: none. Throws its error as one
 * of the innermost submodule.
 */
export async function inSubmodule<T>(
  path: string | undefined,
  work: () => T | Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const { code, dependency = {}, message } = toSyncError(error)
    if (path === undefined || dependency.submodule !== undefined) throw error
    const submodule = displayPath(path)
    const isOfAddress = dependency.lfsHost === undefined && OF_THE_ADDRESS.includes(code)
    const advice = isOfAddress ? '; its address is its url in .gitmodules' : ''
    const told = `The submodule ${JSON.stringify(submodule)}: ${message}${advice}`
    throw attributeTo({ submodule }, error, told)
  }
}
