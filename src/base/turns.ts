// Long work in pieces, between which others have turns.
import { setImmediate as nextTurn } from 'node:timers/promises'

/** So many items are worked on in one turn. */
const ITEMS_A_TURN = 100

/** Does something with each item, `manyATurn` in each turn; the first ones at once. */
export async function eachInTurns<T>(
  items: Iterable<T>,
  work: (item: T) => void,
  manyATurn = ITEMS_A_TURN,
): Promise<void> {
  let count = 0
  for (const item of items) {
    if (count > 0 && count % manyATurn === 0) await nextTurn()
    work(item)
    count++
  }
}
