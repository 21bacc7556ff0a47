// Where the repository of a submodule lies beside that of its superproject.
import { createHash } from 'node:crypto'

/** No file system has longer names, in bytes. */
const MAX_NAME_BYTES = 255

/**
 * The directory below `modules` in which a submodule of this name has its repository: one name for each,
 * in ASCII, so that none lies in that of another (`lib` and `lib/zip`), as git would have it.
 */
export function moduleDirectory(name: string): string {
  const directory = name.replace(
    /[^ -~]|[%/\\]|^\.| $/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
  if (directory.length <= MAX_NAME_BYTES) return directory
  // No name is encoded with what separates them.
  const unique = createHash('sha256').update(name, 'latin1').digest('hex')
  return `${directory.slice(0, MAX_NAME_BYTES - unique.length - 2)}%-${unique}`
}
