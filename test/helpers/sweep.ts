// Which of the many points of a sweep are tried: by `npm run sweeps` all of them, else a part that
// is the same each time, as its seed is the name of the test.
import { randomFrom } from './random-history.js'

/** Whether every point is tried, as by `npm run sweeps`. */
export const IS_WHOLE = process.env['SWEEPS'] === 'whole'

/** Ascending from 0, without an end: whole, each `stride`-th number; else one of about `among` of those. */
export function* points(name: string, { stride = 1, among = 4 } = {}): Generator<number, never> {
  const random = randomFrom([...name].reduce((seed, letter) => seed * 31 + letter.charCodeAt(0), 7))
  for (let at = 0; ; ) {
    yield at * stride
    at += IS_WHOLE ? 1 : 1 + Math.floor(random() * (2 * among - 1))
  }
}
