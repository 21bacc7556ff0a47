// What all tests of a file share is undone after the last of them.
import { after } from 'node:test'
import { cleanUpAll, type TestScope } from './at-end.js'

/** The scope of a whole test file; to be made at its top, where hooks are of the file. */
export function fileScope(): TestScope {
  const cleanUps: (() => unknown)[] = []
  after(() => cleanUpAll(cleanUps))
  return { after: (cleanUp) => cleanUps.push(cleanUp) }
}
