// Relations between absolute, normalised paths.
import path from 'node:path'

/** Whether `file` is `directory` itself or lies below it. Both absolute and normalised. */
export function isWithin(directory: string, file: string): boolean {
  const prefix = directory.endsWith(path.sep) ? directory : directory + path.sep
  return file === directory || file.startsWith(prefix)
}
