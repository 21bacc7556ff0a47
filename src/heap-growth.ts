// How far heaps grow before their garbage is collected.
import { setFlagsFromString } from 'node:v8'

/** What holds so many entries is collected more often. */
const MANY_ENTRIES = 1000
/** By how much a heap grows then, in percent of what it holds. */
const GROWTH_PERCENT = 50
/** As V8 sees fit. */
const BY_ITSELF = 0

/**
 * Sets it for the whole process. On a machine with much memory V8 lets a heap grow to four times what it
 * holds, which is most of what ten thousand entries take. With few there is little to grow, and to collect more
 * often would cost a start and a first publication a tenth to a third more.
 */
export function setHeapGrowth(entries: number): void {
  const percent = entries < MANY_ENTRIES ? BY_ITSELF : GROWTH_PERCENT
  setFlagsFromString(`--heap-growing-percent=${percent}`)
}
