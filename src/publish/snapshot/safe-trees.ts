// State that somebody else could have written is not believed: of trees that are read from it, each
// entry is looked at before any of them is used. That is a part of every update, so it is quick.
import { nameFault } from '../tree/safe-name.js'
import type { TreeRecord } from '../tree/tree-places.js'

const [SPACE, DOT, SLASH, ZERO, FOUR, TILDE] = [0x20, 0x2e, 0x2f, 0x30, 0x34, 0x7e]

/** Whether trees in pre-order name only what is below them, and hold as many as they say. */
export function areSafeTrees(trees: readonly TreeRecord[], files: number): boolean {
  // From the last on: what lies in a tree comes after it.
  for (let index = trees.length - 1; index >= 0; index--) {
    const { oid, body, ...says } = trees[index] as TreeRecord
    const holds = { trees: 1, files: 0 }
    for (let position = 0; position < body.length; ) {
      const end = endOfSafeEntry(body, position, oid.length / 2)
      if (end === undefined) return false
      if (isDirectory(body, position)) {
        const below = trees[index + holds.trees]
        holds.trees += below?.trees ?? 1
        holds.files += below?.files ?? 0
      } else {
        holds.files++
      }
      position = end
    }
    if (says.trees !== holds.trees || says.files !== holds.files) return false
  }
  return (trees[0]?.trees ?? 0) === trees.length && (trees[0]?.files ?? 0) === files
}

/** By its mode, `40000` or `040000`. */
function isDirectory(body: Buffer, position: number): boolean {
  return body[body[position] === ZERO ? position + 1 : position] === FOUR
}

/** Where the next entry starts; undefined where one is cut, or its name must not be on disk. */
function endOfSafeEntry(body: Buffer, position: number, oidLength: number): number | undefined {
  let at = position
  while (at < body.length && body[at] !== SPACE) at++
  const start = ++at
  let isSuspect = body[start] === DOT
  for (; at < body.length; at++) {
    const byte = body[at] as number
    // Nearly all of them.
    if (byte > SLASH && byte !== TILDE) continue
    if (byte === 0) break
    if (byte === SLASH || byte === TILDE) isSuspect = true
  }
  const end = at + 1 + oidLength
  if (at === start || end > body.length) return undefined
  return isSuspect && nameFault(body.toString('latin1', start, at)) ? undefined : end
}
