import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Oid } from '../../../src/git/oid.js'
import { MODE } from '../../../src/git/tree.js'
import { filesOf } from '../../../src/publish/tree/file-runs.js'
import { gitlinksAt, graft } from '../../../src/publish/tree/graft.js'
import { diffTrees } from '../../../src/publish/tree/tree-diff.js'
import fc from '../../helpers/fast-check.js'
import { NAMES, trees } from '../../helpers/tree-arbitrary.js'
import { encodeModel, flatten, isTree, type ModelTree, modelOf } from '../../helpers/tree-model.js'

const LINK = { mode: MODE.gitlink, content: 'm' }

function filesAfter(model: ModelTree, grafts: ReadonlyMap<string, ModelTree>) {
  const objects = new Map<Oid, Buffer>()
  const readTree = (oid: Oid) => objects.get(oid) as Buffer
  const oids = [...grafts].map(([path, tree]) => [path, encodeModel(tree, objects)] as const)
  const { bodies, tree } = graft(encodeModel(model, objects), new Map(oids), readTree)
  for (const [oid, body] of bodies) objects.set(oid, body)
  const files = filesOf(diffTrees([], tree, readTree))
  return Array.from(files, ({ mode, oid, path }) => ({ path, mode, oid }))
}

/** The paths of a model's submodules. */
function linksOf(model: ModelTree): string[] {
  return flatten(model).flatMap(({ mode, path }) => (mode === MODE.gitlink ? [path] : []))
}

/** A model with a tree in the place of each submodule. */
function replaced(model: ModelTree, tree: ModelTree): ModelTree {
  return new Map(
    [...model].map(([name, node]) => {
      if (isTree(node)) return [name, replaced(node, tree)]
      return [name, node.mode === MODE.gitlink ? tree : node]
    }),
  )
}

describe('graft', () => {
  test('puts trees in the place of submodules, in the order of directories', () => {
    fc.assert(
      fc.property(trees, trees, (model, tree) => {
        const grafts = new Map(linksOf(model).map((path) => [path, tree]))
        assert.deepEqual(filesAfter(model, grafts), flatten(replaced(model, tree)))
      }),
    )
  })

  test('leaves a tree as it is where there is nothing to put', () => {
    const objects = new Map<Oid, Buffer>()
    const tree = encodeModel(modelOf({ a: 'a', m: LINK }), objects)
    const readTree = (oid: Oid) => objects.get(oid) as Buffer
    assert.deepEqual(graft(tree, new Map(), readTree), { tree, bodies: new Map() })
  })
})

describe('gitlinksAt', () => {
  test('finds each submodule by its path, and nothing else', () => {
    const path = fc
      .array(fc.constantFrom(...NAMES, '..', ''), { minLength: 1, maxLength: 4 })
      .map((names) => names.join('/'))
    fc.assert(
      fc.property(trees, fc.array(path), (model, paths) => {
        const objects = new Map<Oid, Buffer>()
        const tree = encodeModel(model, objects)
        const links = linksOf(model)
        const found = gitlinksAt(tree, [...links, ...paths], (oid) => objects.get(oid) as Buffer)
        assert.deepEqual([...found.keys()].sort(), links.sort())
      }),
    )
  })

  test('follows no symlink', () => {
    const objects = new Map<Oid, Buffer>()
    const link = { mode: MODE.symlink, content: 'd' }
    const tree = encodeModel(modelOf({ d: modelOf({ m: LINK }), s: link }), objects)
    const found = gitlinksAt(tree, ['s/m', 'd/m', 'd', 's'], (oid) => objects.get(oid) as Buffer)
    assert.deepEqual([...found.keys()], ['d/m'])
  })
})
