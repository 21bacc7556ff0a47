import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Oid } from '../../../src/git/oid.js'
import { MODE } from '../../../src/git/tree.js'
import { isAttributesFile, planAttributes } from '../../../src/publish/tree/attribute-plan.js'
import { diffTrees } from '../../../src/publish/tree/tree-diff.js'
import { failsWith } from '../../helpers/fails-with.js'
import { addTree, encodeModel, modelOf } from '../../helpers/tree-model.js'

test('attributes files are bounded by the length of their paths, too, however small they are', () => {
  const objects = new Map<Oid, Buffer>()
  const planned = (count: number) => {
    const leaf = encodeModel(modelOf({ '.gitattributes': '' }), objects)
    const names = Array.from({ length: count }, (_, at) => String(at).padStart(6, '0'))
    let tree = addTree(
      names.map((name) => ({ name, mode: MODE.tree, oid: leaf })),
      objects,
    )
    for (let level = 0; level < 15; level++) {
      tree = addTree([{ name: 'n'.repeat(250), mode: MODE.tree, oid: tree }], objects)
    }
    const diff = diffTrees([], tree, (oid) => objects.get(oid) as Buffer)
    const around = { subdir: '', lfs: false, roots: [] }
    const blob = { type: 'blob' as const, body: Buffer.alloc(0) }
    return planAttributes(
      { ...around, files: [] },
      { ...around, outside: [], written: [...diff.writes].filter(isAttributesFile) },
      diff,
      () => blob,
      () => undefined,
    )
  }
  assert.equal(planned(1000).attributes.length, 1000)
  assert.throws(() => planned(5000), failsWith('commit-too-large', /too many/))
})
