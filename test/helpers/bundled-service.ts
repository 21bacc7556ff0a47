// A program of the tests in one file, as the service is shipped: with hundreds of modules, each of its
// starts would take a second more.
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { MAIN } from './program.js'

/** Bundles a compiled program into `outfile`; what it starts in threads is that of the service. */
export async function bundleService(program: string, outfile: string): Promise<void> {
  const dist = path.dirname(MAIN)
  mkdirSync(path.dirname(outfile), { recursive: true })
  await build({
    entryPoints: [program],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    external: ['openpgp', 'cpu-features', '@napi-rs/nice'],
    // Files beside it are looked for where the service has them.
    define: { 'import.meta.url': JSON.stringify(pathToFileURL(MAIN).href) },
    banner: {
      js: `import { createRequire as requireOf } from 'node:module'
const require = requireOf(${JSON.stringify(MAIN)}), __dirname = ${JSON.stringify(dist)}`,
    },
    logLevel: 'error',
  })
}
