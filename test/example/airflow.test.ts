// The values for Airflow's chart: containers that Kubernetes takes, settings that the program takes,
// and what is in the places that they name.
import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { renderChart, type Values } from '../charts/chart.js'
import { needsProgram } from '../helpers/needs.js'
import { runProgram } from '../helpers/service.js'
import { type Container, readYaml, render, type Volume } from './manifests.js'
import { schemaFaults } from './schema-faults.js'

const FOLDER = 'example/airflow'

interface Component {
  extraInitContainers: Container[]
}

interface AirflowValues {
  config: { core: { dags_folder: string } }
  volumes: Volume[]
  volumeMounts: { name: string; mountPath: string; readOnly: boolean }[]
  dagProcessor: Component
  workers: Component
  triggerer: Component
  scheduler: Component
}

const valuesOf = (name: string) => readYaml<AirflowValues>(path.join(FOLDER, `values-${name}.yaml`))
const { config, volumes, volumeMounts, ...components } = valuesOf('sidecar')
const sidecars = [
  components.dagProcessor,
  components.workers,
  components.triggerer,
  components.scheduler,
]
const [once] = valuesOf('init-container').workers.extraInitContainers
const containers = [
  ...sidecars.flatMap(({ extraInitContainers }) => extraInitContainers),
  once ?? assert.fail(),
]

test('every pod that reads DAGs has a sidecar that starts before and ends with it', () => {
  for (const { extraInitContainers } of sidecars) {
    assert.deepEqual(
      extraInitContainers.map(({ name, restartPolicy }) => [name, restartPolicy]),
      [['git-autosync', 'Always']],
    )
  }
  // A pod of a task ends with its task.
  assert.equal(once?.restartPolicy, undefined)
  assert.ok(once?.env?.some(({ name, value }) => name === 'ONE_TIME' && value === 'true'))
})

test('containers and volumes are what Kubernetes takes, and are there', () => {
  for (const container of containers) {
    const airflow = { name: 'airflow', image: 'airflow', volumeMounts }
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'airflow' },
      spec: { volumes, initContainers: [container], containers: [airflow] },
    }
    assert.deepEqual(schemaFaults(pod), [])
    const names = volumes.map(({ name }) => name)
    for (const { name } of [...container.volumeMounts, ...volumeMounts])
      assert.ok(names.includes(name), name)
  }
})

test('DAGs are where Airflow looks', () => {
  const [{ path: entry = '' } = {}] = readYaml<{ path: string }[]>(`${FOLDER}/listing.json`)
  const [mount] = volumeMounts
  assert.equal(config.core.dags_folder, path.join(mount?.mountPath ?? '', entry))
  for (const { env = [], volumeMounts: own } of containers) {
    const root = env.find(({ name }) => name === 'ROOT')?.value
    assert.equal(own.find(({ mountPath }) => mountPath === root)?.name, mount?.name)
  }
})

test('the program takes the settings and the listing', async () => {
  for (const { env = [] } of containers) {
    const settings = Object.fromEntries(env.map(({ name, value }) => [name, value]))
    const { code, stderr } = await runProgram(['validate'], {
      ...settings,
      LISTING_PATH: `${FOLDER}/listing.json`,
      CREDENTIALS_PATH: `${FOLDER}/credentials.json`,
    })
    assert.equal(code, 0, stderr)
  }
})

test('what the containers mount is applied beside', needsProgram('kubectl'), () => {
  const applied = render(FOLDER).map(({ kind, metadata }) => `${kind}/${metadata.name}`)
  const named = volumes.flatMap(({ configMap, secret }) => [
    ...(configMap ? [`ConfigMap/${configMap.name}`] : []),
    ...(secret ? [`Secret/${secret.secretName}`] : []),
  ])
  assert.deepEqual(applied.sort(), named.sort())
})

test('the claim that Airflow reads is the one that the chart fills', () => {
  const filler = readYaml<Values>(`${FOLDER}/values-filler.yaml`)
  const { objects } = renderChart(filler, 'dags')
  const [deployment] = objects.filter(({ kind }) => kind === 'Deployment')
  const claim = readYaml<{ dags: { persistence: { existingClaim: string } } }>(
    `${FOLDER}/values-claim.yaml`,
  )
  assert.ok(
    JSON.stringify(deployment).includes(`"claimName":"${claim.dags.persistence.existingClaim}"`),
  )
})
