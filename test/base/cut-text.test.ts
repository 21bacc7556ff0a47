import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cutName, cutSentence } from '../../src/base/cut-text.js'

test('what is longer than anybody needs is cut, and says so', () => {
  assert.equal(cutName('a'.repeat(255)), 'a'.repeat(255))
  assert.equal(cutName('a'.repeat(50_000)), `${'a'.repeat(254)}…`)
  assert.equal(cutName(`${'a'.repeat(253)}😀bc`), `${'a'.repeat(253)}…`)
  assert.equal(cutSentence('a'.repeat(5000)).length, 4096)
})
