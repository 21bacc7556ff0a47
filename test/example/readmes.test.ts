// The READMEs of the examples name the folders and the alerts that there are.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { kustomizations, readYaml } from './manifests.js'

const EXAMPLE = 'example'

const folders = readdirSync(EXAMPLE, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !['repos', '.git-autosync'].includes(entry.name))
  .map(({ name }) => name)
const readmes = ['', ...folders].map((folder) => path.join(EXAMPLE, folder, 'README.md'))

describe('the READMEs of the examples', () => {
  test('apply folders that kubectl takes', () => {
    const known = kustomizations()
    const applied = readmes.flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/kubectl apply -k ([\w/-]+)/g)].map(([, to]) => to),
    )
    assert.deepEqual([...new Set(applied)].sort(), known)
  })

  test('lead to every folder', () => {
    const text = readFileSync(path.join(EXAMPLE, 'README.md'), 'utf8')
    for (const folder of folders) assert.ok(text.includes(`](${folder}/`), folder)
  })

  test('explain every alert', () => {
    const { groups } = readYaml<{ groups: { rules: { alert: string }[] }[] }>(
      `${EXAMPLE}/monitoring/rules.yaml`,
    )
    const text = readFileSync(`${EXAMPLE}/monitoring/README.md`, 'utf8')
    const explained = [...text.matchAll(/^\| (GitAutosync\w+)/gm)].map(([, alert]) => alert)
    assert.deepEqual(
      explained,
      groups.flatMap(({ rules }) => rules.map(({ alert }) => alert)),
    )
  })
})
