// What is used of isomorphic-git. It is loaded by `require`: Node 20 was seen to refuse its import in a
// worker thread, once in a while. The bundle has these functions alone, and nothing of the rest.
import { createRequire } from 'node:module'

const git: typeof import('isomorphic-git') = createRequire(import.meta.url)('isomorphic-git')

/** Functions of isomorphic-git. */
export const { addRemote, init, setConfig } = git
