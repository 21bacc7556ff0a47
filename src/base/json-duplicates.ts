// Finds what JSON.parse passes over in silence: a field that an object has twice.
// https://www.rfc-editor.org/rfc/rfc8259#section-4
import { MAX_FAULTS } from './document-fault.js'

interface Container {
  /** The names so far; undefined for an array. */
  names: Set<string> | undefined
  /** The name, or the index, of the value that comes next. */
  next: string | number
}

// Plain characters in a loop of their own, as alternatives overflow the stack in a long string.
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]/g

/** The first fields of `json`, a valid text, that come again: the names and indices that lead to each. */
export function findDuplicateKeys(json: string): (readonly string[])[] {
  const found: (readonly string[])[] = []
  const open: Container[] = []
  let isName = false
  for (const [token] of json.matchAll(TOKEN)) {
    const container = open.at(-1)
    if (token === '{') open.push({ names: new Set(), next: 0 })
    else if (token === '[') open.push({ names: undefined, next: 0 })
    else if (token === '}' || token === ']') open.pop()
    else if (token === ',' && typeof container?.next === 'number') container.next++
    else if (isName && container?.names && token !== ':') {
      container.next = JSON.parse(token) as string
      if (container.names.has(container.next)) found.push(open.map(({ next }) => String(next)))
      container.names.add(container.next)
    }
    if (found.length === MAX_FAULTS) return found
    isName = token === '{' || (token === ',' && open.at(-1)?.names !== undefined)
  }
  return found
}
