// How far heaps grow before their garbage is collected.
import { setFlagsFromString } from 'node:v8'

/** What holds so many entries is collected more often. */
const MANY_ENTRIES = 1000
/** By how much a heap grows then, in percent of what it holds. */
const GROWTH_PERCENT = 50

/**
 * Limits it for the whole process where there are many entries, from then on. On a machine with much memory V8
 * lets a heap grow to four times what it holds, which is most of what ten thousand entries take. With few there
 * is little to grow, and it would cost a start and a first publication a tenth to a third more: any flag that
 * is set makes V8 compile anew what it has in its cache.
 */
export function limitHeapGrowth(entries: number): void {
  if (entries >= MANY_ENTRIES) setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`)
}
