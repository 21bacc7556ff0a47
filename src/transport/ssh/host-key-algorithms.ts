// Which algorithms a host is asked to show its key in.
import type { ServerHostKeyAlgorithm } from 'ssh2'
import { ALGORITHMS } from '../../ssh/key-algorithms.js'

/** All but those of security keys, which ssh2 does not know. */
const HOST_KEY_ALGORITHMS = Object.entries(ALGORITHMS).flatMap(([name, algorithm]) =>
  'isOnDevice' in algorithm ? [] : [{ ...algorithm, name: name as ServerHostKeyAlgorithm }],
)

/** The algorithms to ask a host for: those of keys of these types first. */
export function hostKeyAlgorithms(knownTypes: ReadonlySet<string>): ServerHostKeyAlgorithm[] {
  const [known, others]: [ServerHostKeyAlgorithm[], ServerHostKeyAlgorithm[]] = [[], []]
  for (const { keyType, name } of HOST_KEY_ALGORITHMS) {
    if (knownTypes.has(keyType)) known.push(name)
    else others.push(name)
  }
  return [...known, ...others]
}
