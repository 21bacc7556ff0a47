// Variables that are probably meant for this program, and are none of its settings.
import { nearest } from '../../base/did-you-mean.js'
import { CREDENTIAL_VARIABLES, type Environment } from '../../credentials/environment.js'
import { SETTINGS } from '../../settings.js'

/** Others have variables, too: a short name is near to many, and only one slip is taken for one. */
const MIN_LENGTH = 6
const MAX_SLIPS = 1

/** What is said of each, which is ignored; never what it is set to. */
export function findMistyped(env: Environment): string[] {
  const known = [
    ...Object.values(SETTINGS).flatMap(({ variables }) => variables),
    ...Object.keys(CREDENTIAL_VARIABLES),
  ]
  return Object.keys(env).flatMap((name) => {
    if (!env[name] || known.includes(name)) return []
    if (name.length < MIN_LENGTH || !/^[A-Z_]+$/.test(name)) return []
    const alike = known.filter(({ length }) => Math.abs(length - name.length) <= MAX_SLIPS)
    const meant = nearest(name, alike, MAX_SLIPS)
    return meant === undefined
      ? []
      : [`${name} in the environment is ignored: it is not a setting (did you mean "${meant}"?)`]
  })
}
