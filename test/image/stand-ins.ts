// Stand-ins for the base images, made of this machine's own programs, so that the Dockerfile
// is built where no registry can be reached: one with npm and a shell, one with nothing but Node,
// where the real one has it, and one with the tools of hooks.
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { output } from './commands.js'

const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt'

/** What a build uses beside Node and npm. */
const BUILD_TOOLS = ['sh', 'env', 'find']

/** What hooks use, of what this machine has, and what the image is made with. */
const HOOK_TOOLS = ['sh', 'bash', 'curl', 'git', 'grep', 'gzip', 'sed', 'ssh', 'tar']
const CORE_TOOLS = ['cat', 'chmod', 'chown', 'id', 'ls', 'mkdir', 'readlink', 'sleep', 'touch']

/** In the place of tini: it only starts what it is given. */
const TINI = `#!/bin/sh
shift
exec "$@"
`

/** Where the build finds the cache of npm, which is mounted from this machine. */
export const NPM_CACHE = '/npm-cache'

/** Writes a context for `FROM scratch` that stands in for the image with npm. */
export function writeBuildBase(directory: string): void {
  const root = path.join(directory, 'root')
  writeBasics(root)
  addProgram(root, process.execPath, '/usr/local/bin/node')
  for (const tool of BUILD_TOOLS) addProgram(root, which(tool), `/bin/${tool}`)
  mkdirSync(path.join(root, 'usr/bin'))
  symlinkSync('/bin/env', path.join(root, 'usr/bin/env'))
  // npm-cli.js lies in `bin` of the package.
  const npm = path.resolve(realpathSync(which('npm')), '../..')
  cpSync(npm, path.join(root, 'usr/local/lib/npm'), { recursive: true })
  symlinkSync('../lib/npm/bin/npm-cli.js', path.join(root, 'usr/local/bin/npm'))
  addCertificates(root)
  const settings = [
    'PATH=/usr/local/bin:/usr/bin:/bin',
    `NODE_EXTRA_CA_CERTS=${CERTIFICATES}`,
    `npm_config_cache=${NPM_CACHE}`,
    'npm_config_prefer_offline=true',
  ]
  writeDockerfile(directory, `ENV ${settings.join(' ')}`)
}

/** Writes a context for `FROM scratch` that stands in for the image without a shell. */
export function writeRuntimeBase(directory: string): void {
  const root = path.join(directory, 'root')
  writeBasics(root)
  addProgram(root, process.execPath, '/nodejs/bin/node')
  addCertificates(root)
  writeDockerfile(directory, 'ENTRYPOINT ["/nodejs/bin/node"]')
}

/** Writes a context for `FROM scratch` that stands in for the image with the tools of hooks. */
export function writeToolsBase(directory: string): void {
  const root = path.join(directory, 'root')
  writeBasics(root)
  addProgram(root, process.execPath, '/usr/local/bin/node')
  for (const tool of [...HOOK_TOOLS, ...CORE_TOOLS])
    addProgram(root, which(tool), `/usr/bin/${tool}`)
  symlinkSync('/usr/bin/sh', path.join(root, 'bin/sh'))
  writeFileSync(path.join(root, 'usr/bin/tini'), TINI, { mode: 0o755 })
  writeFileSync(path.join(root, 'etc/group'), 'root:x:0:\n')
  chmodSync(path.join(root, 'tmp'), 0o1777)
  writeDockerfile(directory, 'ENV PATH=/usr/local/bin:/usr/bin:/bin')
}

function writeDockerfile(directory: string, instruction: string): void {
  const lines = ['FROM scratch', 'COPY root /', instruction, '']
  writeFileSync(path.join(directory, 'Dockerfile'), lines.join('\n'))
}

function writeBasics(root: string): void {
  for (const folder of ['bin', 'dev', 'etc', 'proc', 'tmp', 'usr/local/bin']) {
    mkdirSync(path.join(root, folder), { recursive: true })
  }
  const users = ['root:x:0:0:root:/root:/sbin/nologin', 'nonroot:x:65532:65532::/home/nonroot:']
  writeFileSync(path.join(root, 'etc/passwd'), `${users.join('\n')}\n`)
}

/** The store of CAs, which both have. */
function addCertificates(root: string): void {
  if (existsSync(CERTIFICATES)) copy(CERTIFICATES, path.join(root, CERTIFICATES))
}

/** Copies a program, and the libraries that it loads to where it looks for them. */
function addProgram(root: string, program: string, at: string): void {
  copy(program, path.join(root, at))
  const libraries = output('ldd', [program]).matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)
  for (const [, library = ''] of libraries) copy(library, path.join(root, library))
}

function copy(from: string, to: string): void {
  mkdirSync(path.dirname(to), { recursive: true })
  cpSync(realpathSync(from), to)
}

function which(program: string): string {
  return output('sh', ['-c', `command -v ${program}`])
}
