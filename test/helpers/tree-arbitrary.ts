// Random trees, small and alike, so that two of them differ in interesting ways.
import fc from 'fast-check'
import { MODE } from '../../src/git/tree.js'
import type { ModelTree } from './tree-model.js'

/** Names whose order depends on whether they are directories, and bytes that are no UTF-8. */
export const NAMES = ['a', 'a-', 'a.b', 'a0', 'ab', '-r', 'b', 'b\n"', '\xc3\xa9', '\xff\xfe', ' ']

/** Trees that have names, contents and whole directories in common. */
export const trees: fc.Arbitrary<ModelTree> = fc.letrec<{ tree: ModelTree }>((tie) => ({
  tree: fc
    .uniqueArray(
      fc.tuple(
        fc.constantFrom(...NAMES),
        fc.oneof(
          { depthSize: 'small', withCrossShrink: true },
          fc.record({
            mode: fc.constantFrom(MODE.file, MODE.executable, MODE.symlink, MODE.gitlink),
            content: fc.constantFrom('x', 'y', 'z'),
          }),
          tie('tree'),
        ),
      ),
      { selector: ([name]) => name, maxLength: 6 },
    )
    .map((entries) => new Map(entries)),
})).tree
