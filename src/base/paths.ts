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

const UNEXPANDED: readonly (readonly [RegExp, string])[] = [
  [/^~/, '"~" at its start, which only a shell expands'],
  [/\$[A-Za-z_]/, 'a $NAME, which nobody replaces here'],
  [/\$[{(]/, 'a placeholder that begins with ${ or $(, which nobody replaces here'],
  [/\{\{|\}\}/, 'a {{…}}, which nobody replaces here'],
]

/** Throws a RangeError where a shell, Helm or Compose was to make something else of `text`, a path. */
export function assertExpanded(text: string, meant = 'path'): void {
  const [, what] = UNEXPANDED.find(([pattern]) => pattern.test(text)) ?? []
  if (what !== undefined) throw new RangeError(`has ${what}: write the ${meant} that is meant`)
}
