// The image that the Dockerfile makes, built and started.
import assert from 'node:assert/strict'
import {
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createRepo, tempDir } from '../helpers/git.js'
import { startGitServer } from '../helpers/git-http-server.js'
import { linkedTo } from '../helpers/git-sync.js'
import { needsAll, needsMounts, needsProgram } from '../helpers/needs.js'
import { writeListing } from '../helpers/service.js'
import { type BuiltImage, buildImages } from './build-image.js'
import { type ContainerSpec, FILES, runContainer, startContainer, VOLUME } from './container.js'

const MEBIBYTE = 2 ** 20

describe('the Dockerfile', () => {
  const dockerfile = readFileSync('Dockerfile', 'utf8')

  test('takes its base images by digest', () => {
    const stages = [...dockerfile.matchAll(/^FROM (?:--\S+ )?(\S+) AS (\S+)$/gm)]
    const names = new Set(stages.map(([, , name]) => name))
    const bases = stages.map(([, base = '']) => base).filter((base) => !names.has(base))
    const isDefault = ([, name]: RegExpExecArray) => names.has(name ?? '')
    assert.ok([...dockerfile.matchAll(/^ARG \w+_BASE=(.+)$/gm)].every(isDefault))
    const images = bases.filter((base) => !base.startsWith('${'))
    assert.equal(images.length, 3)
    for (const image of images) assert.match(image, /^[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}$/)
  })

  test('runs nothing in the stage of the service, whose base has no shell', () => {
    const [, production = ''] = /\n(FROM \S+ AS production\n.*?)\nFROM /s.exec(dockerfile) ?? []
    assert.doesNotMatch(production, /^RUN /m)
    assert.match(production, /^HEALTHCHECK .* CMD \["node", /m)
    assert.match(production, /^ENTRYPOINT \["node", /m)
    assert.match(production, /^ENV NODE_EXTRA_CA_CERTS=\/etc\/ssl\/certs\/ca-certificates\.crt$/m)
    assert.match(dockerfile, /\nFROM production\n$/)
  })

  test('gives the hooks of git-sync their tools', () => {
    const [, names = ''] =
      /apt-get install --yes --no-install-recommends \\\n(.*) \\\n/.exec(dockerfile) ?? []
    const needed =
      'bash coreutils curl git openssh-client ca-certificates grep sed tar gzip socat'.split(' ')
    assert.deepEqual(
      needed.filter((name) => !names.trim().split(' ').includes(name)),
      [],
    )
  })
})

describe('the image', needsAll(needsProgram('buildah'), needsMounts()), () => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'git-autosync-image-'))
  let image: BuiltImage
  let gitSync: BuiltImage
  before(() => {
    const images = buildImages(directory, { VERSION: '1.2.3', REVISION: 'f00d' })
    image = images.service
    gitSync = images.gitSync
  })
  after(() => rmSync(directory, { recursive: true }))

  test('says what it is, and how it is run', () => {
    const { User, Entrypoint, WorkingDir, StopSignal, ExposedPorts, Labels } = image.config
    assert.deepEqual([User, WorkingDir, StopSignal], ['65532:65532', '/app', 'SIGTERM'])
    assert.deepEqual(Entrypoint, ['node', '/app/dist/main.js'])
    assert.deepEqual(Object.keys(ExposedPorts), ['8080/tcp'])
    const label = (name: string) => Labels[`org.opencontainers.image.${name}`]
    const { description, license }: Record<string, string> = JSON.parse(
      readFileSync('package.json', 'utf8'),
    )
    assert.deepEqual(
      [label('title'), label('description'), label('licenses')],
      ['git-autosync', description, license],
    )
    assert.deepEqual([label('version'), label('revision')], ['1.2.3', 'f00d'])
    assert.match(label('source') ?? '', /^https:/)
  })

  test('holds what runs, and nothing that builds', () => {
    const app = filesIn(path.join(image.root, 'app'))
    const isIn = (name: string) => app.some(({ file }) => file.includes(name))
    assert.ok(isIn('/dist/main.js') && isIn('/dist/bundled/fastify@') && isIn('/LICENSE'))
    for (const name of ['/typescript/', '/@biomejs/', '/cpu-features/', '/nan/', '/src/']) {
      assert.ok(!isIn(`/app${name}`) && !isIn(`/app/node_modules${name}`), name)
    }
    assert.deepEqual(
      app.map(({ file }) => file).filter((file) => /\.(?:ts|map|node)$/.test(file)),
      [],
    )
    const size = app.reduce((sum, { stats }) => sum + stats.size, 0)
    assert.ok(size < 8 * MEBIBYTE, `${size} bytes`)
  })

  test('can be read by every user, and written by none', () => {
    const closed = filesIn(path.join(image.root, 'app')).filter(({ stats }) => {
      const wanted = stats.isDirectory() ? 0o005 : 0o004
      return (stats.mode & wanted) !== wanted || (stats.mode & 0o022) !== 0
    })
    assert.deepEqual(
      closed.filter(({ stats }) => !stats.isSymbolicLink()),
      [],
    )
  })

  test('publishes, is healthy and stops cleanly: any user, a read-only root, no git', async (t) => {
    const files = tempDir(t)
    const repo = createRepo(path.join(files, 'repos/site.git'), { bare: true })
    const oid = repo.commit('first', { 'index.html': 'hello\n' })
    const server = await startGitServer(t, { root: path.join(files, 'repos') })
    const listing = path.join(files, 'listing')
    mkdirSync(listing)
    writeListing(path.join(listing, 'listing.json'), [
      { path: 'site', repo: `${server.url}/site.git`, publish: 'symlink' },
    ])
    const container = startContainer(t, image, {
      files: listing,
      env: { LISTING_PATH: `${FILES}/listing.json`, ROOT: VOLUME, HTTP_PORT: '0' },
    })
    const published = await container.untilLogged('published')
    assert.equal(published['oid'], oid)
    assert.equal(container.read(`${VOLUME}/site/index.html`), 'hello\n')
    assert.match(container.read('/proc/1/cmdline'), /^node\0\/app\/dist\/main\.js\0$/)
    assert.match(container.read('/proc/1/status'), /^Uid:\t12345\t.*\nGid:\t0\t/m)

    const { port } = await container.untilLogged('listening')
    const [kind, ...healthcheck] = image.config.Healthcheck.Test
    assert.equal(kind, 'CMD')
    const healthy = container.exec(healthcheck, { HTTP_PORT: String(port) })
    assert.deepEqual(healthy, { code: 0, text: '' })
    const ask = `fetch('http://127.0.0.1:${port}/metrics').then(async (it) => console.log(await it.text()))`
    const metrics = container.exec(['node', '-e', ask])
    assert.match(metrics.text, /^git_autosync_build_info\{version="[^"]+",revision="f00d"\} 1$/m)
    const unhealthy = container.exec(healthcheck, { HTTP_PORT: '1' })
    assert.equal(unhealthy.code, 1)
    assert.match(
      unhealthy.text,
      /^git-autosync: http:\S+ cannot be asked \(ECONNREFUSED\): check that [^\n]+\n$/,
    )

    assert.notEqual(container.exec(['git', '--version']).code, 0)
    assert.notEqual(container.exec(['sh', '-c', 'true']).code, 0)
    const write = ['node', '-e', "fs.writeFileSync('/app/x', '')"]
    assert.match(container.exec(write).text, /EROFS/)
    assert.equal(await container.stop(), 0)
  })

  test('has a variant that says the same as the image of git-sync', () => {
    const { Entrypoint, Env, ExposedPorts, Healthcheck, User, WorkingDir } = gitSync.config
    assert.deepEqual([User, WorkingDir, Entrypoint], ['65533:65533', '/tmp', ['/git-sync']])
    for (const variable of ['HOME=/tmp', 'GITSYNC_ROOT=/git']) assert.ok(Env.includes(variable))
    assert.deepEqual([ExposedPorts, Healthcheck], [undefined, undefined])
    const stat = (file: string) => lstatSync(path.join(gitSync.root, file))
    const { gid, mode, uid } = stat('git')
    assert.deepEqual([uid, gid, mode & 0o7777], [65533, 65533, 0o2775])
    assert.equal(stat('etc/passwd').mode & 0o777, 0o666)
    assert.equal(stat('git-sync').mode & 0o777, 0o755)
    const passwd = readFileSync(path.join(gitSync.root, 'etc/passwd'), 'utf8')
    assert.match(passwd, /^git-sync:x:65533:65533::\/tmp:\/sbin\/nologin$/m)
  })

  test('runs as manifests of git-sync have it', async (t) => {
    const files = tempDir(t)
    const repo = createRepo(path.join(files, 'repos/one'))
    const hook =
      '#!/bin/sh\nset -e\ntest "$(git rev-parse HEAD)" = "$GITSYNC_HASH"\ngit log -1 | grep first\n'
    const oid = repo.commit('first', { a: '1', 'bin/hook': { content: hook, executable: true } })
    const server = await startGitServer(t, { root: path.join(files, 'repos') })
    const address = `${server.url}/one`
    const volume = (name: string, uid = 65533) => {
      const folder = path.join(files, name)
      mkdirSync(folder)
      chownSync(folder, uid, 0)
      return folder
    }
    const run = async (folder: string, spec: Omit<ContainerSpec, 'volume'>, mountPath = '/git') => {
      const { code, text } = await runContainer(gitSync, { ...spec, volume: [folder, mountPath] })
      assert.equal(code, 0, text)
      assert.match(text, /^INFO: detected pid 1, running init handler$/m)
      assert.equal(linkedTo(path.join(folder, 'one')), oid)
      return text
    }
    const flags = [`--repo=${address}`, '--one-time', '--exechook-command=bin/hook']
    const entrypoint = volume('entrypoint')
    await run(entrypoint, { args: flags })
    assert.equal(lstatSync(path.join(entrypoint, 'one/a')).uid, 65533)

    const command = volume('command', 12345)
    const text = await run(
      command,
      { command: ['/git-sync'], args: [...flags, '--add-user'], user: '12345:0' },
      '/tmp/git',
    )
    assert.match(text, /nothing is mounted at \/git, but at \/tmp\/git/)
    const passwd = readFileSync(path.join(gitSync.root, 'etc/passwd'), 'utf8')
    assert.match(passwd, /^git-sync:x:12345:0::\/tmp:\/sbin\/nologin$/m)

    const shell = 'umask 0077; export GIT_SYNC_ROOT=/git; exec /git-sync --one-time'
    const env = { GIT_SYNC_REPO: address }
    await run(volume('shell'), { command: ['sh', '-c'], args: [shell], env })
  })
})

/** Everything below a folder, which is named by itself. */
function filesIn(folder: string) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => ({
    file: path.join('/app', name),
    stats: lstatSync(path.join(folder, name)),
  }))
}
