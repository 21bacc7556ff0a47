// Which program this is, from its own package.json.
import { readFileSync } from 'node:fs'

/** A version, and the commit that it was built from, where whoever built it said so. */
export interface Build {
  version: string
  revision: string
}

/** What the nearest package.json above this file says. Throws where there is none. */
export function readBuild(): Build {
  for (let folder = new URL('./', import.meta.url); ; folder = new URL('../', folder)) {
    const build = readPackage(new URL('package.json', folder))
    if (build) return build
    if (folder.pathname === '/') throw new Error('package.json is missing beside this program')
  }
}

function readPackage(file: URL): Build | undefined {
  try {
    const { version, gitHead = 'unknown' } = JSON.parse(readFileSync(file, 'utf8'))
    return version === undefined ? undefined : { version, revision: gitHead }
  } catch {
    // Not in this folder: look in the one above.
    return undefined
  }
}
