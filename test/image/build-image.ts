// Builds the Dockerfile as it is, on stand-ins for its base images, with buildah in a storage of
// its own. Each buildah has a mount namespace, so that none leaves a mount behind.
import { mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { output } from './commands.js'
import { NPM_CACHE, writeBuildBase, writeRuntimeBase, writeToolsBase } from './stand-ins.js'

/** What the image says of how it is run, as Docker names it. */
export interface ImageConfig {
  User: string
  Env: string[]
  Entrypoint: string[]
  Cmd?: string[]
  WorkingDir: string
  StopSignal: string
  ExposedPorts: Record<string, object>
  Healthcheck: { Test: string[]; Interval: number; Timeout: number }
  Labels: Record<string, string>
}

export interface BuiltImage {
  /** A copy of its file system, which belongs to the caller. */
  root: string
  config: ImageConfig
}

const BUILD_BASE = 'localhost/stand-in-build'
const RUNTIME_BASE = 'localhost/stand-in-runtime'
const TOOLS_BASE = 'localhost/stand-in-tools'

/** Builds the images of the checkout with `buildArguments`, in `directory`. */
export function buildImages(
  directory: string,
  buildArguments: Record<string, string>,
): { service: BuiltImage; gitSync: BuiltImage } {
  const buildah = createBuildah(directory)
  build(buildah, directory, BUILD_BASE, writeBuildBase)
  build(buildah, directory, RUNTIME_BASE, writeRuntimeBase)
  build(buildah, directory, TOOLS_BASE, writeToolsBase)
  const service = buildImage(buildah, 'localhost/git-autosync', buildArguments)
  // What both have is made once.
  const shared = `--build-context=production=${service.root}`
  const gitSync = buildImage(buildah, 'localhost/git-sync', buildArguments, [
    '--target=git-sync',
    shared,
  ])
  return { service, gitSync }
}

function buildImage(
  buildah: Buildah,
  image: string,
  buildArguments: Record<string, string>,
  flags: readonly string[] = [],
): BuiltImage {
  const cache = output('npm', ['config', 'get', 'cache'])
  mkdirSync(cache, { recursive: true })
  buildah(
    'build',
    ...flags,
    '--pull-never',
    // OCI's own format knows no health check.
    '--format=docker',
    '--isolation=chroot',
    '--network=host',
    `--volume=${cache}:${NPM_CACHE}`,
    ...Object.entries({ ...buildArguments, BUILD_BASE, RUNTIME_BASE, TOOLS_BASE }).map(
      ([name, value]) => `--build-arg=${name}=${value}`,
    ),
    `--tag=${image}`,
    '.',
  )
  const inspected: { Docker: { config: ImageConfig } } = JSON.parse(
    buildah('inspect', '--type=image', image),
  )
  const root = buildah('mount', buildah('from', '--pull-never', image))
  return { root, config: inspected.Docker.config }
}

type Buildah = (command: string, ...args: string[]) => string

function createBuildah(directory: string): Buildah {
  const storage = [
    '--storage-driver=vfs',
    `--root=${path.join(directory, 'storage')}`,
    `--runroot=${path.join(directory, 'run')}`,
  ]
  return (command, ...args) =>
    output('unshare', ['--mount', 'buildah', ...storage, command, ...args])
}

function build(
  buildah: Buildah,
  directory: string,
  image: string,
  writeContext: (context: string) => void,
): void {
  const context = path.join(directory, 'context')
  mkdirSync(context)
  writeContext(context)
  buildah('build', '--isolation=chroot', `--tag=${image}`, context)
  rmSync(context, { recursive: true })
}
