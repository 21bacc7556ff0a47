// Modules of Node itself, by require: an import of one reads all that it exports, also what is made
// only where it is read, and then an import of node:http loads WebSocket, fetch and 15 MB with them.
import { builtinModules, createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const BUILTIN = new RegExp(`^(?:node:)?(?:${builtinModules.join('|')})$`)

/** A plugin of esbuild. */
export const requiredBuiltins = {
  name: 'required-builtins',
  setup(build) {
    // Each importer has its own, which is in no file that others wait for then.
    build.onResolve({ filter: BUILTIN }, ({ path, kind, importer }) =>
      kind === 'import-statement'
        ? { path: importer, namespace: 'builtin', suffix: `?${path}`, sideEffects: false }
        : undefined,
    )
    build.onLoad({ filter: /./, namespace: 'builtin' }, ({ suffix }) => {
      const builtin = suffix.replace(/^\?(?:node:)?/, 'node:')
      const names = Object.keys(require(builtin)).filter((name) => name !== 'default')
      // Only what is used of it stays.
      const read = names.map((name, at) => `const name${at} = /* @__PURE__ */ read('${name}')`)
      return {
        contents: `
          const builtin = require('${builtin}')
          const read = (name) => builtin[name]
          ${read.join('\n')}
          export { builtin as default, ${names.map((name, at) => `name${at} as ${name}`)} }`,
      }
    })
  },
}
