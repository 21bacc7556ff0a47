// Relations between absolute, normalised paths.
import path from 'node:path'

/** Whether `file` is `directory` itself or lies below it. Both absolute and normalised. */
export function isWithin(directory: string, file: string): boolean {
  const prefix = directory.endsWith(path.sep) ? directory : directory + path.sep
  return file === directory || file.startsWith(prefix)
}

/** Whether one of two directories is the other, or lies in it. Both absolute and normalised. */
export function overlap(one: string, other: string): boolean {
  return isWithin(one, other) || isWithin(other, one)
}
