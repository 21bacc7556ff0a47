// Which of the many points of a sweep are tried: by `npm run sweeps` all of them, else a part that
// follows from the seed and from the name of the test.
import { randomFrom } from './random-history.js'
import { IS_WHOLE, SEED } from './seed.js'

/** Ascending from 0, without an end: whole, each `stride`-th number; else one of about `among` of those. */
export function* points(name: string, { stride = 1, among = 4 } = {}): Generator<number, never> {
  const seed = [...name].reduce((sum, letter) => Math.imul(sum, 31) + letter.charCodeAt(0), SEED)
  const random = randomFrom(seed)
  for (let at = 0; ; ) {
    yield at * stride
    at += IS_WHOLE ? 1 : 1 + Math.floor(random() * (2 * among - 1))
  }
}
