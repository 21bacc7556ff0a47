// The README, the guides and the READMEs of the examples name only files, headings, folders and
// alerts that there are.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, test } from 'node:test'
import { kustomizations, readYaml } from './manifests.js'

const EXAMPLE = 'example'

const folders = readdirSync(EXAMPLE, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !['repos', '.git-autosync'].includes(entry.name))
  .map(({ name }) => name)
const readmes = ['', ...folders].map((folder) => path.join(EXAMPLE, folder, 'README.md'))
const guides = ['README.md', ...readdirSync('docs').map((name) => path.join('docs', name))]

for (const file of [...guides, ...readmes]) {
  test(`${file} links to what there is`, () => {
    for (const [, target = '', heading] of linksOf(file)) {
      const linked = target === '' ? file : path.join(path.dirname(file), target)
      assert.ok(existsSync(linked), `${file}: ${target}`)
      if (heading) assert.ok(headingsOf(linked).includes(heading), `${file}: ${target}#${heading}`)
    }
  })
}

test('there are links to look at, and headings to lead to', () => {
  assert.ok(linksOf('README.md').length > 10)
  assert.ok(headingsOf('docs/choosing.md').includes('how-a-consumer-notices-a-change'))
})

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

/** Each link to a file or a heading: its target, and the heading. */
function linksOf(file: string) {
  const links = readFileSync(file, 'utf8').matchAll(/\]\(([^)#\s]*)#?([^)\s]*)\)/g)
  return [...links].filter(([, target = '']) => !/^\w+:/.test(target))
}

/** The headings of a file, as links to them are written. */
function headingsOf(file: string): string[] {
  const headings = readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm)
  return [...headings].map(([, text = '']) =>
    text
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  )
}
