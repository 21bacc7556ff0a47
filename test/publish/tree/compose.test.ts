import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { UNLIMITED } from '../../../src/git/limits.js'
import type { Oid } from '../../../src/git/oid.js'
import { SparsePatterns } from '../../../src/git/sparse-patterns.js'
import { MODE } from '../../../src/git/tree.js'
import { type Composition, compose } from '../../../src/publish/tree/compose.js'
import { filesOf } from '../../../src/publish/tree/file-runs.js'
import { ALL, type Selection } from '../../../src/publish/tree/selection.js'
import { diffTrees } from '../../../src/publish/tree/tree-diff.js'
import { failsWith } from '../../helpers/fails-with.js'
import fc from '../../helpers/fast-check.js'
import { NAMES, trees } from '../../helpers/tree-arbitrary.js'
import {
  addTree,
  encodeModel,
  type FlatFile,
  flatten,
  type ModelTree,
  modelOf,
} from '../../helpers/tree-model.js'

const EXAMPLE = modelOf({
  '.gitattributes': '* text',
  'a.md': 'a',
  docs: modelOf({
    '.gitattributes': '*.md eol=crlf',
    'b.md': 'b',
    img: modelOf({ 'c.png': 'c' }),
    link: { mode: MODE.symlink, content: 'b.md' },
    module: { mode: MODE.gitlink, content: 'm' },
  }),
  src: modelOf({ 'd.ts': 'd', 'e.md': 'e' }),
})

/** All trees that were composed, and all that they were composed of. */
class Trees {
  readonly objects = new Map<Oid, Buffer>()
  reads = 0

  compose(tree: ModelTree, selection: Selection, before?: Composition): Composition {
    const source = encodeModel(tree, this.objects)
    this.reads = 0
    const readTree = (oid: Oid) => {
      this.reads++
      return this.objects.get(oid) as Buffer
    }
    const composed = compose(source, selection, { readTree, before, checkpoint() {} })
    for (const [oid, body] of composed.bodies) this.objects.set(oid, body)
    return { source, tree: composed.tree, outside: composed.outside }
  }

  filesOf({ tree }: Composition): FlatFile[] {
    const diff = diffTrees([], tree, (oid) => this.objects.get(oid) as Buffer)
    return Array.from(filesOf(diff), ({ path, mode, oid }) => ({ path, mode, oid }))
  }
}

const sparse = (...lines: string[]) => ({ subdir: '', sparse: lines, lfs: false })

describe('compose', () => {
  test('takes the whole tree where nothing is selected, and looks at none of it', () => {
    const all = new Trees()
    const { source, tree, outside } = all.compose(EXAMPLE, ALL)
    assert.equal(tree, source)
    assert.deepEqual({ outside, reads: all.reads }, { outside: [], reads: 0 })
  })

  test('takes the tree of a subdirectory, and the attributes on the way to it', () => {
    const all = new Trees()
    const composed = all.compose(EXAMPLE, { ...ALL, subdir: 'docs/img' })
    assert.deepEqual(
      all.filesOf(composed).map(({ path }) => path),
      ['c.png'],
    )
    assert.deepEqual(
      composed.outside.map(({ directory }) => directory),
      ['', 'docs'],
    )
  })

  test('leaves the attributes out of what is wanted by itself', () => {
    const { outside } = new Trees().compose(EXAMPLE, sparse('*.md', '.gitattributes'))
    assert.deepEqual(outside, [])
  })

  test('takes of a subdirectory what patterns want of the whole tree', () => {
    const all = new Trees()
    const lines = ['/*', '!/docs/img/', '!/docs/module']
    const composed = all.compose(EXAMPLE, { subdir: 'docs', sparse: lines, lfs: false })
    const paths = all.filesOf(composed).map(({ path }) => path)
    assert.deepEqual(paths, ['.gitattributes', 'b.md', 'link'])
  })

  test('takes nothing where nothing is wanted', () => {
    const all = new Trees()
    assert.deepEqual(all.filesOf(all.compose(EXAMPLE, sparse('none'))), [])
  })

  test('keeps the trees that are wanted whole', () => {
    const all = new Trees()
    const { source, tree } = all.compose(EXAMPLE, sparse('/*'))
    assert.equal(tree, source)
  })

  test('refuses a subdirectory that is not there', () => {
    for (const [subdir, words] of [
      ['doc', /no directory "doc"; what/],
      ['docs/images', /no directory "docs\/images"; what/],
      ['doc/images', /no directory "doc\/images": there is no "doc";/],
      ['docs/link', /"docs\/link" is a symlink/],
      ['docs/module/x', /"docs\/module" is a submodule/],
      ['a.md/x', /"a.md" is a file/],
    ] as const) {
      const refused = failsWith('subdir-not-found', words)
      assert.throws(() => new Trees().compose(EXAMPLE, { ...ALL, subdir }), refused)
    }
  })

  test('wants what a walk over every path wants, and the same of what it composed before', () => {
    const line = fc
      .tuple(
        fc.constantFrom('', '!'),
        fc.constantFrom('', '/'),
        fc.array(fc.constantFrom(...NAMES.slice(0, 7), '*', '**'), { minLength: 1, maxLength: 3 }),
        fc.constantFrom('', '/'),
      )
      .map(([negation, start, names, end]) => `${negation}${start}${names.join('/')}${end}`)
    const lines = fc.array(line, { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(trees, trees, lines, (first, second, some) => {
        const all = new Trees()
        const selection = sparse(...some)
        const before = all.compose(first, selection)
        for (const tree of [first, new Map([...first, ...second]), second]) {
          const composed = all.compose(tree, selection, before)
          assert.deepEqual(all.filesOf(composed), wantedOf(tree, new SparsePatterns(some)))
          assert.deepEqual(composed, all.compose(tree, selection))
        }
      }),
    )
  })

  test('looks at what has changed alone', () => {
    const all = new Trees()
    const before = all.compose(EXAMPLE, sparse('*.md'))
    const src = modelOf({ 'd.ts': 'changed', 'e.md': 'e' })
    const composed = all.compose(new Map([...EXAMPLE, ['src', src]]), sparse('*.md'), before)
    assert.equal(composed.tree, before.tree)
    assert.equal(all.reads, 6, 'root and src: now, before, and as composed before')
    assert.deepEqual(composed.outside, before.outside)
  })

  test('gives up where trees that hold each other make a commit too large', () => {
    const objects = new Map<Oid, Buffer>()
    let tree = encodeModel(EXAMPLE, objects)
    for (let level = 0; level < 30; level++) {
      const entries = [...'abcdefgh'].map((name) => ({ name, mode: MODE.tree, oid: tree }))
      tree = addTree(entries, objects)
    }
    const readTree = (oid: Oid) => objects.get(oid) as Buffer
    const options = { readTree, limits: { ...UNLIMITED, files: 1000 }, checkpoint() {} }
    assert.throws(() => compose(tree, sparse('*.md'), options), failsWith('commit-too-large'))
  })

  test('takes memory for the trees that stand in, and no more than there is for trees', () => {
    const objects = new Map<Oid, Buffer>()
    const tree = encodeModel(EXAMPLE, objects)
    const held: [string, number][] = []
    const composeWithin = (maxTreesBytes: number) =>
      compose(tree, sparse('*.md'), {
        readTree: (oid) => objects.get(oid) as Buffer,
        memory: { maxTreesBytes, hold: (...purpose) => held.push(purpose) },
        checkpoint() {},
      })
    const { bodies } = composeWithin(1000)
    const bytes = [...bodies.values()].reduce((sum, body) => sum + body.length, 0)
    assert.ok(held.some(([purpose, most]) => purpose === 'composed' && most > bytes))
    assert.throws(() => composeWithin(bytes - 1), failsWith('commit-too-large'))
  })
})

/** What patterns want of a tree, looked at path by path. */
function wantedOf(tree: ModelTree, patterns: SparsePatterns): FlatFile[] {
  return flatten(tree).filter(({ path }) => {
    const names = path.split('/')
    return names.reduce((isParentWanted, _, depth) => {
      const parent = names.slice(0, depth + 1).join('/')
      return patterns.isWanted(parent, depth < names.length - 1, isParentWanted)
    }, false)
  })
}
