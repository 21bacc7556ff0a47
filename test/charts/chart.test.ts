// The chart: valid to the schemas of Kubernetes whatever its values, and the same pods as the examples.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import {
  containersOf,
  type KubernetesObject,
  type Pod,
  render,
  workloadsOf,
} from '../example/manifests.js'
import { schemaFaults } from '../example/schema-faults.js'
import { tempDir } from '../helpers/git.js'
import { needsProgram } from '../helpers/needs.js'
import { runProgram } from '../helpers/service.js'
import { merged, ownValues, readChart, renderChart, type Values, valuesFaults } from './chart.js'

const MODES = ['sharedVolume', 'daemonSet', 'sidecar'] as const
const DIGEST = `sha256:${'0'.repeat(64)}`

/** All that can be set, in each mode. */
const FULL: Values = {
  image: { digest: DIGEST },
  imagePullSecrets: [{ name: 'pull' }],
  credentials: {
    entries: [{ url: 'https://github.com', username: 'x', passwordFile: 'password' }],
    files: { password: 'se"cret\n' },
  },
  settings: { VERIFY_INTERVAL: 0, RUN_HOOKS: false, NO_PROXY: 'a,b' },
  extraEnv: [{ name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'x', key: 'y' } } }],
  sharedVolume: { storageClassName: 'nfs' },
  webhooks: {
    enabled: true,
    secrets: 'whsec_a\nwhsec_b',
    ingress: {
      enabled: true,
      className: 'nginx',
      annotations: { a: 'b' },
      tlsSecret: 'tls',
    },
  },
  networkPolicy: { namespaces: ['monitoring', 'ingress-nginx'], ports: [443, 22, 8443] },
  podMonitor: { enabled: true, labels: { release: 'prometheus' } },
  podAnnotations: { a: 'b' },
  podLabels: { team: 'x' },
  tolerations: [{ key: 'k', operator: 'Exists' }],
  affinity: { nodeAffinity: {} },
  priorityClassName: 'high',
}
const EXISTING: Values = {
  listing: { existingConfigMap: 'my-listing' },
  credentials: { existingSecret: 'my-credentials' },
  sharedVolume: { existingClaim: 'my-claim' },
  webhooks: { enabled: true, existingSecret: 'my-webhooks' },
  networkPolicy: { enabled: false },
}

const kindsOf = (objects: readonly KubernetesObject[]) =>
  objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`).sort()

for (const mode of MODES) {
  for (const [name, values] of Object.entries({ own: {}, full: FULL, existing: EXISTING })) {
    test(`${mode}, with ${name} values, has what the schemas know, and all that it names`, () => {
      const { objects, notes } = renderChart({ mode, ...values })
      for (const object of objects) assert.deepEqual(schemaFaults(object), [])
      const there = new Set(kindsOf(objects).map((each) => each.replace(/^.*\//, '')))
      const known = new Set([...there, 'my-listing', 'my-credentials', 'my-claim', 'my-webhooks'])
      for (const { pod, labels, selector } of workloadsOf(objects)) {
        assert.deepEqual({ ...labels, ...selector }, labels)
        const volumes = new Set(pod.volumes.map((volume) => volume.name))
        for (const { volumeMounts } of containersOf(pod)) {
          for (const mount of volumeMounts) assert.ok(volumes.has(mount.name), mount.name)
        }
        for (const { configMap, persistentVolumeClaim, secret } of pod.volumes) {
          const named = configMap?.name ?? secret?.secretName ?? persistentVolumeClaim?.claimName
          if (named !== undefined) assert.ok(known.has(named), named)
        }
      }
      assert.ok(notes.includes('port-forward'), notes)
      assert.ok(!/undefined|<no value>/.test(notes))
    })
  }
}

test('each mode has its workload, and what goes with it', () => {
  const of = (mode: string, values: Values = {}) =>
    kindsOf(renderChart({ mode, ...values }).objects)
  const name = 'release-git-autosync'
  const read = [`ConfigMap/${name}-listing`]
  const secret = `Secret/${name}-credentials`
  assert.deepEqual(of('sharedVolume'), [
    ...read,
    `Deployment/${name}`,
    `NetworkPolicy/${name}`,
    `PersistentVolumeClaim/${name}`,
    secret,
  ])
  assert.deepEqual(of('daemonSet'), [...read, `DaemonSet/${name}`, `NetworkPolicy/${name}`, secret])
  assert.deepEqual(of('sidecar'), [...read, secret])
  assert.deepEqual(of('sharedVolume', EXISTING), [`Deployment/${name}`, `Service/${name}`])
  const { objects } = renderChart({}, 'my-git-autosync')
  assert.ok(kindsOf(objects).includes('Deployment/my-git-autosync'))
  assert.match(renderChart({ mode: 'sidecar' }).notes, /sidecar\/component/)
})

describe('the pods are those of the examples', needsProgram('kubectl'), () => {
  const podOf = (objects: readonly KubernetesObject[], name: string): Pod => {
    const found = workloadsOf(objects).find((workload) => workload.name === name)
    return found?.pod ?? assert.fail(`no ${name}`)
  }
  const serviceOf = (pod: Pod) => {
    const {
      env = [],
      image,
      volumeMounts,
      ...rest
    } = pod.containers.find((container) => container.name === 'git-autosync') ?? assert.fail()
    const paths = { '/dags': '/repos' } as Record<string, string>
    return {
      ...rest,
      env: env
        .map(({ name, value }) => `${name}=${paths[value] ?? value}`)
        .filter((text) => !text.startsWith('WORKTREE_GRACE_PERIOD='))
        .sort(),
      mounts: volumeMounts.map(({ mountPath, readOnly }) => [
        paths[mountPath] ?? mountPath,
        readOnly,
      ]),
    }
  }
  const withoutPull = ({ imagePullPolicy, ...rest }: { imagePullPolicy?: unknown } & object) => rest

  for (const [mode, folder, name] of [
    ['sharedVolume', 'example/shared-volume', 'dags-sync'],
    ['daemonSet', 'example/daemonset', 'node-repos'],
  ] as const) {
    test(`${mode} as ${folder}`, () => {
      const own = podOf(renderChart({ mode }).objects, 'release-git-autosync')
      const written = podOf(render(folder), name)
      assert.deepEqual(withoutPull(serviceOf(own)), serviceOf(written))
      assert.deepEqual(own.securityContext, written.securityContext)
      for (const field of [
        'automountServiceAccountToken',
        'enableServiceLinks',
        'nodeSelector',
      ] as const) {
        assert.deepEqual(own[field], written[field], field)
      }
      const owner = (pod: Pod) => pod.initContainers?.find((each) => each.name === 'own-folder')
      assert.deepEqual(owner(own), owner(written))
      const specs = [
        { objects: renderChart({ mode }).objects, own: 'release-git-autosync' },
        { objects: render(folder), own: name },
      ].map(({ objects, own }) => {
        const isOwn = ({ kind, metadata }: KubernetesObject) =>
          ['Deployment', 'DaemonSet'].includes(kind) && metadata.name === own
        const { replicas, strategy, updateStrategy } = objects.find(isOwn)?.spec ?? {}
        return { replicas, strategy, updateStrategy }
      })
      assert.deepEqual(specs[0], specs[1])
    })
  }
})

test('the program takes the listing, the credentials and the settings', async (t) => {
  const folder = tempDir(t)
  for (const mode of ['sharedVolume', 'daemonSet']) {
    const { extraEnv, ...values } = FULL
    const { objects } = renderChart({ mode, ...values })
    const dataOf = (kind: string, end: string) => {
      const found = objects.find((each) => each.kind === kind && each.metadata.name.endsWith(end))
      return found?.data ?? (found as { stringData?: Record<string, string> })?.stringData ?? {}
    }
    const files = { ...dataOf('ConfigMap', 'listing'), ...dataOf('Secret', 'credentials') }
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text)
    const [{ pod } = assert.fail()] = workloadsOf(objects)
    const env = pod.containers[0]?.env ?? []
    const settings = Object.fromEntries(env.map(({ name, value }) => [name, value]))
    const { code, stderr } = await runProgram(['validate'], {
      ...settings,
      LISTING_PATH: path.join(folder, 'listing.json'),
      CREDENTIALS_PATH: path.join(folder, 'credentials.json'),
    })
    assert.equal(code, 0, stderr)
    assert.equal(readFileSync(path.join(folder, 'password'), 'utf8'), 'se"cret\n')
  }
})

test('what is given arrives as it is, whatever YAML would make of it', () => {
  const specOf = (values: Values, kind: string, release?: string) => {
    const { objects } = renderChart(values, release)
    return JSON.stringify(objects.find((object) => object.kind === kind)?.spec)
  }
  for (const odd of ['yes', '123', '1e3', '~', '*.example.com', 'a: b', 'se"cret', '# x\n']) {
    const values: Values = {
      settings: { N: odd },
      listing: { existingConfigMap: odd },
      credentials: { files: { [odd]: odd } },
      sharedVolume: { existingClaim: odd },
      priorityClassName: odd,
      podLabels: { odd },
      networkPolicy: { namespaces: [odd] },
      webhooks: {
        enabled: true,
        ingress: { enabled: true, host: odd, className: odd, tlsSecret: odd },
      },
    }
    const { objects } = renderChart(values)
    const text = JSON.stringify(odd)
    const timesIn = (kind: string) => {
      const { spec, stringData } = (objects.find((object) => object.kind === kind) ??
        assert.fail(kind)) as KubernetesObject & { stringData?: object }
      return JSON.stringify(spec ?? stringData).split(text).length - 1
    }
    assert.equal(timesIn('Deployment'), 5, text)
    assert.equal(timesIn('Secret'), 2, text)
    assert.equal(timesIn('NetworkPolicy'), 1, text)
    assert.equal(timesIn('Ingress'), 4, text)
  }
  const instance = '"app.kubernetes.io/instance":"1e3"'
  assert.equal(specOf({}, 'Deployment', '1e3').split(instance).length - 1, 2)
  assert.ok(specOf({ settings: { N: 2 ** 30 } }, 'Deployment').includes('"value":"1073741824"'))
  const claim = specOf({ sharedVolume: { storageClassName: '123' } }, 'PersistentVolumeClaim')
  assert.ok(claim.includes('"storageClassName":"123"'))
  const nodes = { mode: 'daemonSet', daemonSet: { hostPath: '/a: #b' } }
  assert.ok(specOf(nodes, 'DaemonSet').includes('"path":"/a: #b"'))
})

test('its schema knows every value, and says what is none', () => {
  assert.deepEqual(valuesFaults(ownValues()), [])
  const { properties } = JSON.parse(readChart('values.schema.json')) as { properties: object }
  assert.deepEqual(
    Object.keys(properties)
      .filter((name) => name !== 'global')
      .sort(),
    Object.keys(ownValues()).sort(),
  )
  const faultsOf = (values: Values) => valuesFaults(merged(ownValues(), values)).join()
  assert.match(faultsOf({ mode: 'central' }), /\/mode must be equal to one/)
  assert.match(faultsOf({ listings: {} }), /additional properties/)
  assert.match(faultsOf({ settings: { ROOT: '/x' } }), /\/settings\/ROOT/)
  assert.match(faultsOf({ settings: { interval: '1m' } }), /property name must be valid/)
  assert.match(faultsOf({ listing: { entries: [{ path: 'x' }] } }), /'repo'/)
  assert.match(faultsOf({ image: { digest: 'latest' } }), /\/image\/digest/)
})

test('has the version of the program', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  for (const field of ['version', 'appVersion']) {
    assert.match(readChart('Chart.yaml'), new RegExp(`^${field}: ${version}$`, 'm'))
  }
  const { objects } = renderChart({})
  const [{ pod } = assert.fail()] = workloadsOf(objects)
  assert.equal(pod.containers[0]?.image, `ghcr.io/git-autosync/git-autosync:v${version}`)
})
