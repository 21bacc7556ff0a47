// Makes `dist`, which is what runs: `src` with the packages that it imports, in few files, so that a
// process starts fast. Types are not checked. What is there and stays the same is left untouched, as
// programs may run from it.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'
import { licenceText } from './licence-text.js'
import { ICONV, replacedModules } from './replaced-modules.js'
import { requiredBuiltins } from './required-builtins.js'

const OUT = 'dist'

const PROGRAMS = ['src/main.ts', 'src/git-sync.ts']
/** What it starts in threads, by the name that this file has. */
const POOL_WORKER = 'node_modules/piscina/dist/worker.js'
/** What that loads first. */
const POOL_ENTRY = 'src/thread/pool-entry.cts'
/** Where a file of src names another that runs in a thread. */
const THREAD = /new URL\('\.\/([\w-]+)\.js', import\.meta\.url\)/g
/** Where those that run in a browser are, and the file that names them. */
const PAGE = 'src/server/page'
const PAGE_ROUTE = path.join(PAGE, 'page-route.ts')
const SCRIPTS = /^const SCRIPTS = \[(.+)\]$/m

/** Packages, and parts of some, that are not in it. */
const OUTSIDE = [
  // Its licence asks that another version can be put in its place.
  'openpgp',
  // Native, and ssh2 and piscina do without.
  'cpu-features',
  '@napi-rs/nice',
  // Fastify asks for them only where it logs, validates or is tested.
  'pino',
  'light-my-request',
  '@fastify/ajv-compiler',
  '@fastify/fast-json-stringify-compiler',
]

/** The folder of the package that a file belongs to. */
const PACKAGE = /^(?!builtin:).*node_modules\/(?:@[^/]+\/)?[^/]+/

/** What packages of CommonJS expect to be there. */
const COMMONJS = `import { createRequire as requireOf } from 'node:module'
const require = requireOf(import.meta.url), __dirname = import.meta.dirname`

const source = readdirSync('src', { recursive: true, encoding: 'utf8' }).map((name) =>
  path.join('src', name),
)
const shared = {
  outdir: OUT,
  // Whatever folder a file of src is in, what it finds beside itself is beside it here, too.
  entryNames: '[name]',
  format: 'esm',
  sourcemap: true,
  sourcesContent: false,
  write: false,
}
const inNode = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  // Names stay, as stacks are read by them.
  minifySyntax: true,
  minifyWhitespace: true,
  metafile: true,
}
// Each by itself: what one of them starts is in few files then, though another has some of it as well.
const bundles = await Promise.all(
  [...PROGRAMS, ...threadFiles(), POOL_WORKER].map((entryPoint) =>
    build({
      ...shared,
      ...inNode,
      entryPoints: [entryPoint],
      splitting: true,
      chunkNames: '[name]-[hash]',
      external: OUTSIDE,
      define: { 'process.env.NODE_ENV': '"production"' },
      banner: { js: COMMONJS },
      plugins: [replacedModules, requiredBuiltins],
    }),
  ),
)
/** What is loaded by require. */
const required = {
  ...shared,
  ...inNode,
  outExtension: { '.js': '.cjs' },
  format: 'cjs',
}
// What needs it waits for nothing.
const iconv = await build({
  ...required,
  entryPoints: { [ICONV]: 'node_modules/iconv-lite/lib/index.js' },
})
// The pool does so.
const poolEntry = await build({ ...required, entryPoints: [POOL_ENTRY] })
const page = await build({ ...shared, entryPoints: pageScripts(), target: 'es2023' })

const files = filesOf([
  ...[...bundles, iconv, poolEntry, page].flatMap(({ outputFiles }) =>
    outputFiles.map((file) => [path.relative(OUT, file.path), Buffer.from(file.contents)]),
  ),
  ...source
    .filter((file) => file.endsWith('.schema.json'))
    .map((file) => [path.basename(file), readFileSync(file)]),
  ...noticesOf([...bundles, iconv].flatMap(({ metafile }) => Object.values(metafile.outputs))),
])
for (const [name, content] of files) write(path.join(OUT, name), content)
for (const name of readdirSync(OUT, { recursive: true, encoding: 'utf8' })) {
  const isWanted = [...files.keys()].some((file) => file === name || file.startsWith(`${name}/`))
  if (!isWanted) rmSync(path.join(OUT, name), { recursive: true, force: true })
}

/** By their names in `dist`, where all of them are beside each other. */
function filesOf(entries) {
  const files = new Map()
  for (const [name, content] of entries) {
    if (!(files.get(name) ?? content).equals(content)) throw new Error(`two files are ${name}`)
    files.set(name, content)
  }
  return files
}

/** The files of src that run in a browser. */
function pageScripts() {
  const [, names] = SCRIPTS.exec(readFileSync(PAGE_ROUTE, 'utf8'))
  return [...names.matchAll(/'([\w-]+)\.js'/g)].map(([, name]) => path.join(PAGE, `${name}.ts`))
}

/** The files of src that run in threads. */
function threadFiles() {
  return source
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(THREAD)].map(([, name]) =>
        path.join(path.dirname(file), `${name}.ts`),
      ),
    )
}

/** The licence of each package that has a part in the bundle, and its package.json, by which scanners know it. */
function noticesOf(outputs) {
  const parts = outputs.flatMap(({ inputs }) => Object.entries(inputs))
  const folders = new Set(
    parts.flatMap(([file, { bytesInOutput }]) =>
      bytesInOutput > 0 ? (PACKAGE.exec(file)?.[0] ?? []) : [],
    ),
  )
  return [...folders].flatMap((folder) => {
    const about = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'))
    const notices = readdirSync(folder)
      .filter((file) => /^(?:package\.json|(?:licen[cs]e|notice|copying).*)$/i.test(file))
      .map((file) => [file, readFileSync(path.join(folder, file))])
    if (!notices.some(([file]) => /^(?:licen[cs]e|copying)/i.test(file)))
      notices.push(['LICENSE', Buffer.from(licenceText(about))])
    const place = path.join('bundled', `${about.name}@${about.version}`)
    return notices.map(([file, content]) => [path.join(place, file), content])
  })
}

function write(file, content) {
  if (existsSync(file) && readFileSync(file).equals(content)) return
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(`${file}.new`, content)
  renameSync(`${file}.new`, file)
}
