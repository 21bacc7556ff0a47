// The version of this program, from its own package.json.
import { readFileSync } from 'node:fs'

/** The version in the nearest package.json above this file. Throws where there is none. */
export function readVersion(): string {
  for (let folder = new URL('./', import.meta.url); ; folder = new URL('../', folder)) {
    const version = readPackageVersion(new URL('package.json', folder))
    if (version !== undefined) return version
    if (folder.pathname === '/') throw new Error('package.json is missing beside this program')
  }
}

function readPackageVersion(file: URL): string | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).version
  } catch {
    // Not in this folder: look in the one above.
    return undefined
  }
}
