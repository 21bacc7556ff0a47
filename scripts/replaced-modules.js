// What the bundle has in the place of modules that take long to be loaded: the same functions.
import path from 'node:path'
import { compiledSchemas } from './compiled-schemas.js'

/** The encodings, which are in a file of their own. */
export const ICONV = 'iconv-lite'

/** By the file of src, or by the name of the package. */
const REPLACED = {
  'src/base/compile-schema.ts': compiledSchemas,
  // Of its build for bundlers, only what is used stays.
  'src/publish/history/isomorphic-git.ts': () =>
    `export { addRemote, init, setConfig } from './node_modules/isomorphic-git/index.js'`,
  // Of a thread's program it would be more than the rest, and few repositories name an encoding.
  'iconv-lite': () => `
    for (const name of ['decode', 'encode'])
      exports[name] = (...given) => require('./${ICONV}.cjs')[name](...given)`,
  // Asked only for exemplars, which are off.
  '@opentelemetry/api': () => '',
  // Its own index loads all that it has, as if it were used: fetch, WebSocket, caches, mocks.
  undici: () => `
    Object.assign(require('undici/lib/dispatcher/dispatcher').prototype, require('undici/lib/api'))
    exports.Agent = require('undici/lib/dispatcher/agent')
    exports.buildConnector = require('undici/lib/core/connect')`,
}

/** Functions whose modules are loaded by their first call: semver makes its patterns, and few listings name versions. */
const LATER = /^semver\/(?:functions|ranges)\//

/** A plugin of esbuild. */
export const replacedModules = {
  name: 'replaced-modules',
  setup(build) {
    const resolveDir = path.resolve('.')
    build.onLoad({ filter: /[/\\]src[/\\].*\.ts$/ }, async ({ path: file }) => {
      const contents = await REPLACED[path.relative(resolveDir, file)]?.()
      return contents && { contents, resolveDir }
    })
    build.onResolve({ filter: /^\.\/.+\.cjs$/, namespace: 'replaced' }, ({ path }) => ({
      path,
      external: true,
    }))
    build.onResolve({ filter: /^@?[\w-]+(?:\/[\w-]+)?$/ }, ({ path: name }) =>
      Object.hasOwn(REPLACED, name) ? { path: name, namespace: 'replaced' } : undefined,
    )
    build.onResolve({ filter: LATER }, ({ path: name, namespace }) =>
      namespace === 'later' ? undefined : { path: name, namespace: 'later' },
    )
    build.onLoad({ filter: /./, namespace: 'later' }, ({ path: name }) => ({
      contents: `module.exports = (...given) => require('${name}')(...given)`,
      resolveDir,
    }))
    // It says so of itself; what it imports may go where what uses it went.
    build.onResolve({ filter: /^[\w.-]+(?:\/|$)/ }, async ({ path: name, ...from }) => {
      if (from.pluginData || !from.importer.endsWith('node_modules/isomorphic-git/index.js')) return
      const { resolveDir, kind, importer } = from
      const found = await build.resolve(name, { resolveDir, kind, importer, pluginData: true })
      return { ...found, sideEffects: false }
    })
    build.onLoad({ filter: /./, namespace: 'replaced' }, ({ path: name }) => ({
      contents: REPLACED[name](),
      resolveDir,
    }))
  },
}
