// Long answers, made in pieces as they are read: others have turns between them, and who reads slowly
// has little of it waiting.
import { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'

/** So much is made in one turn: so many pieces, or characters. */
const MOST_PIECES = 100
const MOST_CHARACTERS = 64 * 1024

/** `pieces` in a row, as a stream. */
export function streamed(pieces: Iterable<string> | AsyncIterable<string>): Readable {
  return Readable.from(inTurns(pieces), { objectMode: false })
}

/**
 * `pieces` in a row, as fewer and longer ones, each in a turn of its own. An empty one says that what
 * follows is better left to another turn.
 */
export async function* inTurns(
  pieces: Iterable<string> | AsyncIterable<string>,
): AsyncGenerator<string> {
  let text = ''
  let count = 0
  for await (const piece of pieces) {
    text += piece
    if (piece !== '' && ++count < MOST_PIECES && text.length < MOST_CHARACTERS) continue
    if (text !== '') yield text
    text = ''
    count = 0
    await nextTurn()
  }
  if (text !== '') yield text
}
