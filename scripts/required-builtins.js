// Modules of Node itself, by require: an import of one reads all that it exports, also what is made
// only where it is read, and then an import of node:http loads WebSocket, fetch and 15 MB with them.
import { builtinModules, createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const BUILTIN = new RegExp(`^(?:node:)?(?:${builtinModules.join('|')})$`)

/** A plugin of esbuild. */
export const requiredBuiltins = {
  name: 'required-builtins',
  setup(build) {
    build.onResolve({ filter: BUILTIN }, ({ path, kind }) =>
      kind === 'import-statement'
        ? { path: path.replace(/^(?:node:)?/, 'node:'), namespace: 'builtin', sideEffects: false }
        : undefined,
    )
    build.onLoad({ filter: /./, namespace: 'builtin' }, ({ path }) => {
      const names = Object.keys(require(path)).filter((name) => name !== 'default')
      // Only what is used of it stays.
      const read = names.map((name, at) => `const name${at} = /* @__PURE__ */ read('${name}')`)
      return {
        contents: `
          const builtin = require('${path}')
          const read = (name) => builtin[name]
          ${read.join('\n')}
          export { builtin as default, ${names.map((name, at) => `name${at} as ${name}`)} }`,
      }
    })
  },
}
