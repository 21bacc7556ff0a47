// The programs as they are shipped: `npm run build`, or the runner of the tests, made them.
import { fileURLToPath } from 'node:url'

const built = (name: string) => fileURLToPath(new URL(`../../../dist/${name}`, import.meta.url))

/** The service. */
export const MAIN = built('main.js')

/** The one with the command line of git-sync. */
export const GIT_SYNC = built('git-sync.js')
